"""Three pages to read: companies, a company's timeline, a ticket's replay."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from domain.events import TYPES
from projections.timeline_filter import Filter
from services.api.identity import COOKIE, Deployed, Read, deployment_of
from services.api.meta import standing
from services.api.query import known
from services.sample import NOTES
from services.web import words

HERE: Final = Path(__file__).parent
PAGE: Final = 50
WINDOW: Final = 60
"""Steps of a replay shown at once: those up to the one that is looked at."""

templates = Jinja2Templates(HERE / "templates")
templates.env.filters.update(kind=words.kind, mood=words.mood, day=words.day, plain=words.plain)
router = APIRouter(include_in_schema=False)


@router.get("/signin")
def sign_in(deployed: Deployed, key: str) -> Response:
    """Keep a key in the browser and show the companies."""
    deployed.keys.identify(key)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(COOKIE, key, httponly=True, samesite="lax", max_age=86_400)
    return answer


@router.get("/")
def companies(request: Request, read: Read, q: str | None = None) -> Response:
    """List companies, or those that match."""
    text = q.strip() if q else None
    return page(request, "companies.html", q=text, companies=read.companies(text or None, 200))


@router.get("/companies/{company_id}")
def company(
    request: Request,
    read: Read,
    company_id: str,
    after: str | None = None,
    before: str | None = None,
    ticket: str = "",
    contact: str = "",
    type: str = "",
    search: str = "",
    order: str = "desc",
    known_at: str = "",
    as_of: str = "",
    since: Annotated[str, Query(alias="from")] = "",
    until: Annotated[str, Query(alias="to")] = "",
) -> Response:
    """Show a company's timeline, newest first, filtered as the form says."""
    form = {
        "search": search, "type": type, "ticket": ticket, "contact": contact, "from": since,
        "to": until, "as_of": as_of, "known_at": known_at, "order": order,
    }  # fmt: skip
    wanted = Filter(
        since=_day(since), until=_day(until, end=True), as_of=_day(as_of, end=True),
        known_at=known(read, known_at or None), types=(type,) if type else (),
        tickets=(ticket,) if ticket else (), contacts=(contact,) if contact else (),
        search=search or None,
    )  # fmt: skip
    answer = read.timeline(company_id, wanted, after=after, before=before, limit=PAGE, order=order)
    found = read.company(company_id)
    entries = [orjson.loads(entry) for entry in answer.page.entries]
    return page(
        request, "company.html", company=found, contacts=read.contacts(company_id), form=form,
        days=words.by_day(entries), types=[t for t in TYPES if not t.startswith("reads")],
        open=[t for t in read.tickets(company_id) if t["status"] in ("new", "open", "on_hold")],
        newer=_link(company_id, form, before=answer.page.prev),
        older=_link(company_id, form, after=answer.page.next),
        position=answer.page.position, note=_note(found),
    )  # fmt: skip


@router.get("/tickets/{ticket_id}")
def ticket(
    request: Request,
    read: Read,
    ticket_id: str,
    step: Annotated[int | None, Query(ge=1, le=10_000_000)] = None,
) -> Response:
    """Show a ticket at one step: the conversation so far, the state then, what had changed."""
    window = read.window(f"ticket/{ticket_id}", step, WINDOW)
    last = window.steps[-1]
    before = window.steps[-2].whole if len(window.steps) > 1 else {}
    state = read.named(last.whole)
    entries = [{**s.event, "step": s.ordinal, "now": s is last} for s in window.steps]
    at, total = last.ordinal, window.total
    moves = [
        ("First", 1 if at > 1 else None, "first"),
        ("← Previous", at - 1 if at > 1 else None, "prev"),
        ("Next →", at + 1 if at < total else None, "next"),
        ("Last", total if at < total else None, "last"),
    ]
    return page(
        request, "ticket.html", ticket_id=ticket_id, state=state, step=at, total=total,
        first=window.steps[0].ordinal, days=words.by_day(entries), now=entries[-1], moves=moves,
        changed={k: before.get(k) for k, v in last.whole.items() if before and before[k] != v},
        company_name=read.company_name(state["company_id"]),
    )  # fmt: skip


def page(request: Request, template: str, **values: Any) -> Response:
    """Render a page with what all pages show."""
    behind = max((p["lag_seconds"] for p in standing(deployment_of(request))), default=0.0)
    fresh = {"behind": behind > 10, "text": "Live" if behind < 1 else f"{behind:.0f} s behind"}  # noqa: PLR2004
    return templates.TemplateResponse(request, template, {"fresh": fresh, **values})


def _day(text: str, *, end: bool = False) -> datetime | None:
    """Turn a day of a form, or a time with zone, into its beginning or its end, in UTC."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is not None:
        return found
    start = datetime.combine(found.date(), time(), UTC)
    return start + timedelta(days=1) if end else start


def _link(company_id: str, form: Mapping[str, str], **cursor: str | None) -> str | None:
    if not any(cursor.values()):
        return None
    asked = {name: value for name, value in {**form, **cursor}.items() if value}
    return f"/companies/{company_id}?{urlencode(asked)}"


def _note(company: Mapping[str, Any]) -> str | None:
    """Say where the history that ships with longcase comes from."""
    systems = {external["system"] for external in company.get("external_ids", ())}
    return next((NOTES[system] for system in systems if system in NOTES), None)
