"""A company: its card, and its timeline, newest first: the page to read before a call."""

from datetime import datetime
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from domain.values import moment as as_datetime
from projections.timeline_filter import Filter
from services.api.identity import Deployed, PathId, Read
from services.briefings import Briefings
from services.reading import Answer, Reading
from services.sample import NOTES
from services.web.card import card
from services.web.form import CHOICES, GROUP_WORDS, Form, is_untidy
from services.web.page import HEADERS, page

PAGE: Final = 50
LISTED: Final = 12
"""Tickets and people beside the timeline."""

PICKED: Final = 200
"""People the form lets one pick from; of more, one writes the id."""

OPEN: Final = ("new", "open", "on_hold")

router = APIRouter(include_in_schema=False)


@router.get("/companies/{company_id}")
def company(request: Request, deployed: Deployed, read: Read, company_id: PathId) -> Response:
    """Show a company's card, and its timeline, filtered as the address says."""
    form = Form.of(company_id, request.query_params)
    if is_untidy(request.query_params):
        return RedirectResponse(form.url(), 303, HEADERS)
    with deployed.reads.together():
        return _company(request, read, form)


def _company(request: Request, read: Briefings, form: Form) -> Response:
    company_id, wanted = form.company_id, form.filter(read)
    answer = read.timeline(
        company_id, wanted, after=form.after, before=form.before, limit=PAGE, order=form.order
    )
    people = read.contacts(company_id, _as_of(wanted), wanted.known_at)
    found = read.company(company_id)
    return page(
        request, "company.html", company=found, form=form, people=people[:LISTED],
        pickable=people if len(people) <= PICKED else None, people_count=len(people),
        chips=[*form.chips({p["contact_id"]: p["name"] or p["contact_id"] for p in people})],
        entries=[orjson.loads(entry) for entry in answer.page.entries], groups=GROUP_WORDS,
        choices=CHOICES, note=_note(found), card=card(read, form, wanted), past=form.is_as_of,
        **_beside(read, company_id), **_pager(form, answer),
    )  # fmt: skip


def _beside(read: Reading, company_id: str) -> dict[str, Any]:
    """List the open tickets, most urgent first."""
    found = [t for t in read.tickets(company_id) if t["status"] in OPEN]
    return {"open": found[:LISTED], "open_count": len(found)}


def _pager(form: Form, answer: Answer) -> dict[str, Any]:
    """Say where the pages on either side are, and which of them is the newer one."""
    back, on = answer.page.prev, answer.page.next
    sides = {"back": form.url(before=back) if back else None,
             "on": form.url(after=on) if on else None}  # fmt: skip
    words = ("Newer", "Older") if form.order == "desc" else ("Older", "Newer")
    position = answer.page.position if answer.page.counted else None
    return {**sides, "back_word": words[0], "on_word": words[1], "position": position}


def _as_of(wanted: Filter) -> datetime | None:
    return None if wanted.as_of is None else as_datetime(wanted.as_of)


def _note(company: dict[str, Any]) -> str | None:
    """Say where the history that ships with longcase comes from."""
    systems = {external["system"].partition(":")[0] for external in company.get("external_ids", ())}
    return next((NOTES[system] for system in systems if system in NOTES), None)
