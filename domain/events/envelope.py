"""The stored document: an event and everything known about its happening.

Its JSON is written once, when it is recorded.  The same bytes are the store's state, Kafka's
value, and what the audit hashes.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import pydantic_core
from pydantic import BaseModel, ConfigDict

from domain.errors import InvalidReport
from domain.events.base import Event, made, model_of, upcast
from domain.values import Actor, CompanyId, ContactId, Moment, StreamId, Visibility, micros

T_co = TypeVar("T_co", bound=Event, covariant=True)

HEAD: Final = 200
"""Bytes of a document within which it says its version."""

HAPPENED: Final = b'"occurred_at":"'
"""Stands before the time in every document; no field before it can hold a quote."""

BEFORE: Final = 800
"""Bytes of a document within which it does so."""


SEEN: Final = {"type", "occurred_at", "data"}
MOMENT: Final = len("2026-11-03T14:02:00.000000Z")


class Source(BaseModel):
    """Where a report came from; `system` and `external_id` make it idempotent.

    Attributes:
        activity: What the source itself called it, kept for comparison.
        imported: Old history: nothing follows from it by itself.
        assumed_zone: The time zone assumed for a source that gave none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    system: str
    external_id: str
    activity: str | None = None
    imported: bool = False
    assumed_zone: str | None = None


class Recorded(BaseModel, Generic[T_co]):
    """One event as it is stored, text sealed or opened.

    Attributes:
        event_id: Given when it is recorded; its first bits are a time.
        type: The event's stored name, which never changes.
        schema_version: Of `data`.
        company_id: Empty for contacts, products and the read audit.
        stream_id: The kind and id of what it happened to.
        occurred_at: When it happened.
        recorded_at: When we learned of it.
        actor: Who did it.
        correlation_id: What it belongs to, as the publisher says.
        causation_id: What it follows from: our event's id, or as the publisher says.
        visibility: Who may see it; `public` is for the customer too.
        subjects: The contacts it names, for erasure and for access to one's own data.
        data: The event's own fields.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: UUID
    type: str
    schema_version: int
    company_id: CompanyId | None
    stream_id: StreamId
    occurred_at: Moment
    recorded_at: Moment
    actor: Actor
    source: Source
    correlation_id: str | None = None
    causation_id: str | None = None
    visibility: Visibility
    subjects: tuple[ContactId, ...] = ()
    data: T_co

    @property
    def is_live(self) -> bool:
        """Whether this is news, not old history brought in."""
        return not self.source.imported

    @property
    def kind(self) -> str:
        """The kind of the stream, such as ``ticket``."""
        return self.stream_id.split("/", 1)[0]

    @property
    def local_id(self) -> str:
        """The id of the stream without its kind."""
        return self.stream_id.split("/", 1)[1]

    def encode(self) -> bytes:
        """Write the document: the one place where an event becomes bytes."""
        return self.__pydantic_serializer__.to_json(self)


GIVEN: Final = set(Recorded.model_fields)


@dataclass(frozen=True, slots=True)
class Logged:
    """A recorded event at its place in the log.

    Attributes:
        position: The store's order; global, may have gaps.
        company_seq: Dense from 1 within the company; ``None`` without one.
        public_seq: Dense from 1 within what the company may see; ``None`` if it may not.
        committed_at: Microseconds since 1970, never falling.
        late: Learned more than a minute after something that happened later.
    """

    position: int
    stream_version: int
    company_seq: int | None
    public_seq: int | None
    committed_at: int
    late: bool
    event: Recorded[Event]

    @property
    def happened(self) -> tuple[int, int]:
        """Its place in the fold: (occurred_at in microseconds, position)."""
        return micros(self.event.occurred_at), self.position


@cache
def document_of(model: type[Event]) -> type[Recorded[Any]]:
    """Build the document model whose ``data`` is *model*, once."""
    return Recorded[model]  # type: ignore[valid-type]


def document(model: type[Event], fields: dict[str, Any]) -> Recorded[Any]:
    """Make a document of *fields*: all of them, in order, and sound, for nothing is checked."""
    return made(document_of(model), fields, GIVEN)


def decode(type_name: str, state: bytes) -> Recorded[Event]:
    """Read a stored document, of whatever version, as the current one.

    Raises:
        UnknownType: If its type or version is not known to this code.
        InvalidReport: If the bytes are not such a document.
    """
    model = model_of(type_name)
    said, read = _current(model, model.VERSION)
    try:
        if state.find(said, 0, HEAD) >= 0:
            recorded = read.validate_json(state, extra="ignore")
        else:
            fields = pydantic_core.from_json(state)
            fields["data"] = upcast(type_name, fields["schema_version"], fields["data"])
            fields["schema_version"] = model.VERSION
            recorded = read.validate_python(fields, extra="ignore")
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidReport(f"stored {type_name} cannot be read: {error}") from None
    if recorded.type != type_name:
        raise InvalidReport(f"stored as {type_name}, but the document says {recorded.type!r}")
    return recorded  # type: ignore[no-any-return]


def glimpse(type_name: str, state: bytes) -> Recorded[Event]:
    """See of a stored document what happened and when; nothing else is there to be asked.

    A tenth of the work of `decode`, for those who fold long streams.

    Raises:
        UnknownType: If its type is not known to this code.
        InvalidReport: If the bytes are not such a document.
    """
    model = model_of(type_name)
    try:
        start = state.find(HAPPENED, 0, BEFORE) + len(HAPPENED)
        at = datetime.fromisoformat(state[start : start + MOMENT].decode())
    except ValueError as error:
        raise InvalidReport(f"stored {type_name} cannot be read: {error}") from None
    fields = {"type": type_name, "occurred_at": at, "data": _bare(model)}
    return made(document_of(model), fields, SEEN)


@cache
def _bare(model: type[Event]) -> Event:
    return made(model, {}, set())


@cache
def _current(model: type[Event], version: int) -> tuple[bytes, Any]:
    """Say how documents of the current version begin, and what reads them."""
    return b'"schema_version":%d,' % version, document_of(model).__pydantic_validator__
