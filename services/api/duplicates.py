"""Tickets that may be about one trouble: what was suspected, and why."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.api import answers, shapes_known
from services.api.identity import PathId
from services.api.known import Knows

router = APIRouter(prefix="/v1", tags=["known"])

Dismissed = Annotated[bool, Query(description="with the pairs that somebody dismissed")]


@router.get("/companies/{company_id}/duplicates", response_model=shapes_known.Duplicates)
def duplicates(read: Knows, company_id: PathId, *, dismissed: Dismissed = False) -> Response:
    """List the suspicions of a company that nobody answered yet, the surest first.

    A pair is answered when it is merged, linked as a duplicate or dismissed, and when the
    suspected ticket is done.
    """
    return answers.json(read.duplicates(company_id, dismissed=dismissed))


@router.get("/tickets/{ticket_id}/duplicates", response_model=shapes_known.Duplicates)
def duplicates_of(read: Knows, ticket_id: PathId, *, dismissed: Dismissed = False) -> Response:
    """List what a ticket may be a duplicate of, or may have for one.

    It is looked for anew as well: what was never suspected, as of imported tickets, says
    `found`, and which words and error codes both have.
    """
    return answers.json(read.duplicates_of(ticket_id, dismissed=dismissed))
