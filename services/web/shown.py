"""Putting on record, from a company's page, who of ours was shown its card."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.errors import QueryRefused
from services.api.identity import PathId, Read
from services.api.query import instant, moment
from services.briefings import Briefings
from services.security import Denied
from services.web.form import address
from services.web.page import HEADERS
from services.web.posted import posted

AGAIN: Final = "this is not the card of a page of ours: open the company's page, and send its form"

router = APIRouter(include_in_schema=False)


@router.post("/companies/{company_id}/shown")
async def shown(request: Request, read: Read, company_id: PathId) -> Response:
    """Record that somebody was shown the card, as it was made for the page."""
    fields = await posted(request)
    await run_in_threadpool(_record, read, company_id, fields)
    return RedirectResponse(address(company_id, {}), 303, HEADERS)


def _record(read: Briefings, company_id: str, fields: dict[str, str]) -> None:
    """Make the card again, record it, and wait until the timeline shows that.

    Raises:
        Denied: If the key may not report of the company.
        QueryRefused: If the form is not ours, or its card cannot be made again.
    """
    if not read.may_record(company_id):
        raise Denied("this key may not record who was shown the card of this company")
    try:
        as_of, position = moment(fields["as_of"]), instant(fields["position"], read)
    except (KeyError, ValueError):
        raise QueryRefused(AGAIN) from None
    if not isinstance(position, int):
        raise QueryRefused(AGAIN)
    made = read.briefing(company_id, as_of, position)
    if made.card.digest != fields.get("digest"):
        raise QueryRefused("the card cannot be made again as it was shown; open the page anew")
    read.has_come(read.put_on_record(made, fields.get("user", "")), "timeline")
