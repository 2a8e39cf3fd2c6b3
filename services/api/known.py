"""What is known: a handover's brief, who knew what when, promises, questions, installations."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from domain.values import ID_PATTERN
from services.api import answers, shapes_known
from services.api.identity import PathId, Who, deployment_of
from services.api.problems import BadRequest
from services.api.query import Word, known, moment
from services.api.steps import Ordinal
from services.asking import Moment
from services.witness import Asked, Clock, Witness

router = APIRouter(prefix="/v1", tags=["known"])

Time = Annotated[Word | None, Query(description="as it had happened by this time")]
Known = Annotated[Word | None, Query(description="as recorded by this position or time")]
Context = Annotated[bool, Query(description="with what is to be known of its company")]
AgentId = Annotated[str | None, Query(pattern=f"^{ID_PATTERN}$", description="an agent's id")]
Code = Annotated[Word, Query(description="what is asked for, such as os_version")]


async def knowing(request: Request, who: Who) -> Witness:
    """Learn on behalf of the one who asks."""
    return Witness(deployment_of(request), who)


Knows = Annotated[Witness, Depends(knowing)]


def as_of(read: Knows, as_of: Time = None, known_at: Known = None) -> Moment:
    """Read as of when something is asked.

    Raises:
        BadRequest: If a time is none.
    """
    return Moment(_time(as_of), known(read, known_at))


AsOf = Annotated[Moment, Depends(as_of)]


@router.get("/tickets/{ticket_id}", response_model=shapes_known.KnownTicket, tags=["tickets"])
def ticket(read: Knows, ticket_id: PathId, moment: AsOf, *, context: Context = False) -> Response:
    """Read a ticket as it stands, or stood at a moment on either clock.

    All streams of a moved one and what it absorbed are joined.  Steps say how the installation
    was set at the time; what was set at the opening stands beside what changed since.  With
    `context` its company stands beside it, as it is now: worth, right to support, installations.
    """
    found = read.ticket(ticket_id, moment)
    return answers.json({**found, "context": read.context(found)} if context else found)


@router.get("/tickets/{ticket_id}/handoff", response_model=shapes_known.Handoff)
def handoff(
    read: Knows, ticket_id: PathId, step: Ordinal = None, known_at: Known = None
) -> Response:
    """Read the brief for whoever takes the ticket over, as of a step or now.

    What was tried and what came of it, open promises, unanswered questions, whose turn it is,
    who worked on it: every line with the events it rests on.
    """
    return answers.json(read.handoff(ticket_id, step, known(read, known_at)))


@router.get("/tickets/{ticket_id}/who-knew", response_model=shapes_known.WhoKnew)
def who_knew(
    request: Request,
    read: Knows,
    ticket_id: PathId,
    event: UUID,
    *,
    agent: AgentId = None,
    clock: Clock = "happened",
    after: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    known_at: Known = None,
) -> Response:
    """Say what an agent could see, had opened and was shown before an event.

    With `clock=happened` the entries are what had happened by then, and those recorded only
    afterwards are marked `learned_later`; with `clock=recorded` what was recorded by then.
    """
    asked = Asked(event, agent, clock, limit, after, known(read, known_at))
    found = read.who_knew(ticket_id, asked)
    more, head = found.pop("after"), known_at or found["position"]
    link = None if more is None else answers.link(request, after=more, known_at=head)
    return answers.json(
        {**found, "next": link}, {"Link": f'<{link}>; rel="next"'} if link else None
    )


@router.get("/tickets/{ticket_id}/on-file", response_model=shapes_known.OnFile)
def on_file(read: Knows, ticket_id: PathId, fact_key: Code, contact_id: AgentId = None) -> Response:
    """Say, before it is asked of the customer, whether something is on file already."""
    return answers.json(read.on_file(ticket_id, fact_key, contact_id))


@router.get("/companies/{company_id}/promises", response_model=shapes_known.Promises)
def promises(read: Knows, company_id: PathId, moment: AsOf) -> Response:
    """List what was promised to a company, on all tickets, by anyone, and what came of it.

    With `as_of` or `known_at` as it stood then: a promise of which that day had not come is open.
    """
    return answers.json(read.promises(company_id, moment))


@router.get("/companies/{company_id}/questions", response_model=shapes_known.Asked)
def questions(read: Knows, company_id: PathId, moment: AsOf) -> Response:
    """List what a company was asked for, and what of it was on file already."""
    return answers.json(read.questions(company_id, moment))


@router.get("/companies/{company_id}/installations", response_model=shapes_known.Installations)
def installations(read: Knows, company_id: PathId, moment: AsOf) -> Response:
    """List what runs where at a company, and how it is or was set at a moment."""
    return answers.json({"installations": read.installations(company_id, moment)})


def _time(value: str | None) -> datetime | None:
    try:
        return None if value is None else moment(value)
    except ValueError as error:
        raise BadRequest(f"as_of: {error}") from None
