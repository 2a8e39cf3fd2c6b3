"""Tickets: one ticket as it stands, its replay step by step, and what changed in it."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response

from projections.replay import Clock
from services.api.companies import JSON, steps
from services.api.identity import Read
from services.api.query import instant

router = APIRouter(prefix="/v1", tags=["tickets"])


@router.get("/tickets/{ticket_id}")
def ticket(read: Read, ticket_id: str) -> dict[str, Any]:
    """Read a ticket as it stands now."""
    return read.ticket(ticket_id)


@router.get("/tickets/{ticket_id}/replay")
def ticket_replay(
    read: Read, ticket_id: str, step: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """Replay a ticket: every step with the state after it, or one step."""
    return steps(read, f"ticket/{ticket_id}", step)


@router.get("/tickets/{ticket_id}/diff")
def ticket_diff(
    read: Read,
    ticket_id: str,
    start: Annotated[str, Query(alias="from")],
    end: Annotated[str, Query(alias="to")],
    clock: Clock = "happened",
) -> Response:
    """Say what changed in a ticket between two instants or positions, as data and in words."""
    found = read.diff(ticket_id, instant(start), instant(end), clock)
    body = {
        "steps": found.steps,
        "positions": found.positions,
        "words": found.words,
        "changes": found.changes,
        "before": found.before,
        "after": found.after,
    }
    return Response(orjson.dumps(body), media_type=JSON)
