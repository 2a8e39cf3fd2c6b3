"""Tickets: their replay step by step, and what changed in them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from projections.replay_difference import Clock
from services.api import answers, shapes
from services.api.identity import PathId, Read
from services.api.query import Word, instants
from services.api.steps import Asked, steps

router = APIRouter(prefix="/v1", tags=["tickets"])


@router.get("/tickets/{ticket_id}/replay", response_model=shapes.Steps)
def ticket_replay(request: Request, read: Read, ticket_id: PathId, asked: Asked) -> Response:
    """Replay a ticket: every step with the state after it, a page at a time, or one step.

    The state is that of the stream the step stands in.  A ticket of several streams, since it
    was moved or others go on inside it, has `others` beside it, and the `whole`.
    """
    return steps(request, read, f"ticket/{ticket_id}", asked)


@router.get("/tickets/{ticket_id}/diff", response_model=shapes.Difference)
def ticket_diff(
    read: Read,
    ticket_id: PathId,
    start: Annotated[Word, Query(alias="from", description="a time, or a position")],
    end: Annotated[Word, Query(alias="to", description="the later one, of the same kind")],
    clock: Clock = "happened",
) -> Response:
    """Say what changed in a ticket between two times or two positions, as data and in words."""
    found = read.diff(ticket_id, *instants(start, end, read), clock)
    return answers.json({
        "steps": found.steps,
        "positions": found.positions,
        "words": found.words,
        "changes": found.changes,
        "before": found.before,
        "after": found.after,
    })  # fmt: skip
