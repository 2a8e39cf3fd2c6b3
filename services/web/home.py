"""The first page: companies, those heard of last first; a search leads to the one it means."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from projections.handles import normal_mail, normal_phone
from services.api.identity import QueryText, Read
from services.briefings import Briefings
from services.web.form import address
from services.web.page import HEADERS, page

SHOWN: Final = 50

SURE: Final = ("id", "external", "domain", "mail", "phone", "name")
"""By what a company is found that is meant itself; a person's name may lead to several."""

router = APIRouter(include_in_schema=False)


@router.get("/")
def companies(request: Request, read: Read, q: QueryText = None) -> Response:
    """List companies, or those that match; the only one that can be meant is shown at once."""
    text = (q or "").strip()
    if caller := _caller(read, text):
        return _calling(request, read, text, caller)
    found = read.companies(text or None, SHOWN + 1)
    if text and len(found) == 1 and found[0].get("matched", "name") in SURE:
        return RedirectResponse(address(found[0]["company_id"], {}), 303, HEADERS)
    return page(request, "companies.html", q=text, companies=found[:SHOWN], more=len(found) > SHOWN)


def _caller(read: Briefings, text: str) -> dict[str, str] | None:
    """Take a phone number or a mail address for who is calling or writing; a customer asks none."""
    if read.reader().public_only:
        return None
    if normal_mail(text) and " " not in text:
        return {"email": text}
    return {"phone": text} if normal_phone(text) else None


def _calling(request: Request, read: Briefings, text: str, caller: dict[str, str]) -> Response:
    """Lead to the card of whoever has a number or address; of several, list the companies."""
    found = read.callers(**caller)["callers"]
    known = {each["company_id"]: each for each in found if each["company_id"]}
    if len(known) == 1:
        return RedirectResponse(address(next(iter(known)), {**caller}), 303, HEADERS)
    companies: list[dict[str, Any]] = [
        {
            **read.company(company_id),
            "matched": each["name"],
            "href": address(company_id, {**caller}),
        }
        for company_id, each in sorted(known.items())
    ]
    return page(request, "companies.html", q=text, companies=companies, more=False, caller=caller)
