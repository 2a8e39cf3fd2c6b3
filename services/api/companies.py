"""Companies: find them, list their tickets, read their timeline, replay their history."""

from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response

from projections.replay import Step
from services.api.identity import Read
from services.api.query import TimelineQuery
from services.reading import Reading

router = APIRouter(prefix="/v1", tags=["companies"])

Limit = Annotated[int, Query(ge=1, le=200)]
JSON: Final = "application/json"


@router.get("/companies")
def companies(read: Read, q: str | None = None, limit: Limit = 50) -> list[dict[str, Any]]:
    """Find companies by name, id, domain, phone, mail or the name of a contact."""
    return read.companies(q, limit)


@router.get("/companies/{company_id}")
def company(read: Read, company_id: str) -> dict[str, Any]:
    """Read what is on file about a company and its people."""
    return read.company(company_id)


@router.get("/companies/{company_id}/tickets")
def tickets(read: Read, company_id: str, status: str | None = None) -> list[dict[str, Any]]:
    """List every ticket of a company, by anyone there: open ones by severity and age first."""
    return read.tickets(company_id, status)


@router.get("/companies/{company_id}/timeline")
def timeline(
    request: Request, read: Read, company_id: str, query: Annotated[TimelineQuery, Query()]
) -> Response:
    """Read a page of a company's whole story."""
    answer = read.timeline(
        company_id, query.filter(read), after=query.after, before=query.before,
        limit=query.limit, order=query.order, wait_for=query.wait_for,
    )  # fmt: skip
    etag = f'"{answer.page.position}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if links := _links(request, answer.page.next, answer.page.prev):
        headers["Link"] = links
    if request.headers.get("if-none-match") == etag and not answer.stale:
        return Response(status_code=304, headers=headers)
    body = answer.page.json({"stale": True} if answer.stale else {})
    return Response(body, media_type=JSON, headers=headers)


@router.get("/companies/{company_id}/replay")
def company_replay(
    read: Read, company_id: str, step: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """Replay a company: every step with the state after it, or one step."""
    return steps(read, f"company/{company_id}", step)


def steps(read: Reading, target: str, step: int | None) -> Response:
    """Write the steps of a replay as JSON."""
    found = [shown(s) for s in read.replay(target, step)]
    return Response(orjson.dumps({"steps": found}), media_type=JSON)


def shown(step: Step) -> dict[str, Any]:
    """Write one step: its event, and the state after it."""
    return {
        "step": step.ordinal,
        "position": step.position,
        "event": step.event,
        "state": orjson.Fragment(step.document),
    }


def _links(request: Request, after: str | None, before: str | None) -> str:
    """Write the Link header (RFC 8288) to the pages on either side."""
    links = []
    for word, cursor, rel in (("after", after, "next"), ("before", before, "prev")):
        if cursor:
            url = request.url.remove_query_params(["after", "before", "wait_for"])
            links.append(f'<{url.include_query_params(**{word: cursor})}>; rel="{rel}"')
    return ", ".join(links)
