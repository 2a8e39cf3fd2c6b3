"""One event by its id: ``GET /v1/events/{event_id}``, opened for those who may read it."""

from typing import Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import Field

from domain.errors import Refused
from domain.events import Logged
from domain.values import UNASSIGNED, Reader, ticket_chain
from projections.redaction import for_customer, is_closed, is_hidden, redact
from projections.timeline_filter import FARTHEST
from services.api import answers
from services.api.feed import NOT_TOLD
from services.api.identity import Deployed, Who
from services.api.shapes import Shape, Valued
from services.deployment import Deployment
from services.feed import opened
from services.finding import find_event
from services.reading import NotFound
from services.security import Identity, authorize
from services.store import Row
from services.worth import Worth

router = APIRouter(prefix="/v1", tags=["events"])

TO_CUSTOMERS: Final = (
    "event_id", "type", "schema_version", "company_id", "stream_id", "occurred_at", "recorded_at",
    "actor", "visibility", "data",
)  # fmt: skip
"""What a customer is told of a public event."""


class OneEvent(Shape):
    """An event and its place; a customer's has `public_seq` for the numbers."""

    position: int | None = None
    company_seq: int | None = None
    public_seq: int | None = None
    stream_version: int | None = None
    late: bool
    document: dict[str, Any] = Field(description="the document, its text open, or a stub of it")
    context: Valued | None = Field(
        None, description="what the company was worth then; nothing to a customer"
    )


@router.get("/events/{event_id}", response_model=OneEvent)
def event(deployed: Deployed, who: Who, event_id: UUID) -> Any:
    """Read one event, its text open, as far as the key may read it.

    With it stands what its company was worth when it happened, as far as that is known now.
    What it may not read of its companies comes as a `stub`.  An event of no company (a contact,
    a product) comes without its texts; the read audit is not given here.
    """
    reader = authorize(who, "read")
    row = find_event(deployed.log, event_id)
    if row is None or row.stream_id.startswith("reads/") or not reader.may_read(row.company_id):
        raise NotFound(f"no event {event_id} is known")
    return answers.json(_told(deployed, who, reader, row))


def _told(deployed: Deployment, who: Identity, reader: Reader, row: Row) -> dict[str, Any]:
    """Say what may be read of an event; that it was is on record first."""
    try:
        (logged,) = opened([row], deployed.keyring)
    except (Refused, ValueError):
        raise NotFound("this event cannot be read: it was damaged in the store") from None
    if is_hidden(reader, logged.event):
        raise NotFound(f"no event {logged.event.event_id} is known")
    if row.company_id is not None:
        deployed.reads.viewed(
            who, row.company_id, ticket_id=_ticket(row), position=deployed.log.head(), count=1,
            purpose="event",
        )  # fmt: skip
    if reader.public_only:
        document = orjson.loads(for_customer(logged.event).encode())
        shown = {name: document[name] for name in TO_CUSTOMERS}
        return {"public_seq": row.public_seq, "late": logged.late, "document": shown}
    return {
        "position": row.position,
        "company_seq": row.company_seq,
        "stream_version": row.stream_version,
        "late": logged.late,
        "document": _document(reader, logged),
        "context": _context(deployed, who, logged),
    }


def _context(deployed: Deployment, who: Identity, logged: Logged) -> dict[str, Any] | None:
    """Tell what the company was worth when it happened, if it happened to one."""
    company_id = logged.event.company_id
    if company_id in (None, UNASSIGNED):
        return None
    return Worth(deployed, who).worth_when(company_id, logged.event.occurred_at, FARTHEST)


def _document(reader: Reader, logged: Logged) -> Any:
    """Open the document, for one who may read it, else tell that it is there, and when."""
    happened = logged.event
    if is_closed(reader, happened):
        told = orjson.loads(happened.encode())
        return {**{n: v for n, v in told.items() if n not in NOT_TOLD}, "stub": True}
    return orjson.Fragment((redact(happened) if happened.company_id is None else happened).encode())


def _ticket(row: Row) -> str | None:
    kind, local_id = row.stream_id.split("/", 1)
    return ticket_chain(local_id) if kind == "ticket" else None
