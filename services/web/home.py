"""The first page: companies, those heard of last first, or those that a search finds."""

from typing import Final

from fastapi import APIRouter, Request, Response

from services.api.identity import QueryText, Read
from services.web.page import page

SHOWN: Final = 50

router = APIRouter(include_in_schema=False)


@router.get("/")
def companies(request: Request, read: Read, q: QueryText = None) -> Response:
    """List companies, or those that match."""
    text = (q or "").strip()
    found = read.companies(text or None, SHOWN + 1)
    return page(request, "companies.html", q=text, companies=found[:SHOWN], more=len(found) > SHOWN)
