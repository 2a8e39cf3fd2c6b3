"""Companies: find them, list their tickets, read their timeline, replay their history."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from projections.ticket_record import Status
from services.api import answers, openapi, shapes
from services.api.identity import PathId, QueryText, Read, deployment_of, identified
from services.api.lanes import Lanes
from services.api.query import TimelineQuery, asked_by, company_of
from services.api.steps import Asked, steps
from services.briefings import Briefings

router = APIRouter(prefix="/v1", tags=["companies"])


RollUp = Annotated[bool, Query(description="with the companies that belong to this one")]


@router.get("/companies", response_model=shapes.Companies)
def companies(
    read: Read, q: QueryText = None, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> Response:
    """Find companies by name, id, domain, phone, mail or the name of a contact.

    The best match comes first; without `q`, who was heard of last.
    """
    return answers.json({"companies": read.companies(q, limit)})


@router.get("/companies/{company_id}/tickets", response_model=shapes.Tickets)
def tickets(
    request: Request,
    read: Read,
    company_id: PathId,
    *,
    status: Status | None = None,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    roll_up: RollUp = False,
) -> Response:
    """List every ticket of a company, by anyone there: open ones by severity and age first.

    What goes on inside another ticket is in that one, which lists it as `absorbed`.
    """
    found = read.tickets(company_id, status, roll_up=roll_up)
    end = offset + limit
    more = answers.link(request, offset=end) if end < len(found) else None
    return answers.json({"tickets": found[offset:end], "total": len(found), "next": more})


SLOW: Final = (b"search", b"wait_for", b"known_at")
"""What may take its time, and so a thread of its own."""


class _Lean(APIRoute):
    """A route that is declared in full, and served in a lane and few steps.

    The framework takes a millisecond to gather what a page of a timeline is asked by.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand the endpoint what it declares."""

        def answer(request: Request) -> Response:
            read = Briefings(deployment_of(request), identified(request))
            company_id = company_of(request.path_params)
            return timeline(request, read, company_id, asked_by(request.scope["query_string"]))

        async def handle(request: Request) -> Response:
            if any(word in request.scope["query_string"] for word in SLOW):
                return await run_in_threadpool(answer, request)
            lanes: Lanes = request.app.state.lanes
            return await lanes.serve(partial(answer, request))

        return handle


def timeline(
    request: Request, read: Read, company_id: PathId, query: Annotated[TimelineQuery, Query()]
) -> Response:
    """Read a page of a company's whole story.

    A pass sees the log as it was at its start: follow `next` and `prev` with the same filters,
    and each entry comes exactly once, whatever is recorded meanwhile.  With `context` each entry
    tells what its company was worth when it happened, as known on both clocks, or `not known`.
    """
    wanted = query.filter(read)
    answer = read.timeline(
        company_id, wanted, after=query.after, before=query.before,
        limit=query.limit, order=query.order, wait_for=query.waits_for(read),
    )  # fmt: skip
    if query.context:
        answer = read.with_context(answer, wanted)
    return answers.page(request, read.reader(), answer)


router.add_api_route(
    "/companies/{company_id}/timeline",
    timeline,
    response_model=shapes.Page,
    responses=openapi.NOT_MODIFIED,
    route_class_override=_Lean,
)


@router.get("/companies/{company_id}/replay", response_model=shapes.Steps)
def company_replay(request: Request, read: Read, company_id: PathId, asked: Asked) -> Response:
    """Replay a company: every step with its figures after it, a page at a time, or one step."""
    return steps(request, read, f"company/{company_id}", asked)
