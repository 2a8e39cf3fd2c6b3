"""What is written beside the events of one commit, in the same transaction."""

from dataclasses import dataclass, field
from typing import NamedTuple

LATE_MICROS = 60_000_000
"""An event is late when something of its company happened more than this after it, and was
recorded before it."""


class Conflict(Exception):
    """Somebody else recorded something in between; decide again."""


class ReportRow(NamedTuple):
    """What makes a report idempotent: its name, what it said, and which events it became.

    Attributes:
        digest: An HMAC of the opened report.
        first: Index of its first event in the commit.
        last: Index of its last event in the commit.
    """

    system: str
    external_id: str
    digest: bytes
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class KnownReport:
    """A report that was recorded before."""

    digest: bytes
    stream_id: str
    stream_version: int
    position: int
    last_position: int


@dataclass(slots=True)
class Placement:
    """One commit's worth of rows; the first three lists run parallel to the events.

    Attributes:
        now: The append's clock, microseconds since 1970.
        externals: (HMAC of another system's id, ``kind/id`` it leads to); a `Conflict` if it
            leads elsewhere already.
        handles: The same for addresses; the first one to use an address keeps it.
        affiliations: The same for (HMAC of a contact, company); the last one counts.
        traces: (index of an event, the W3C traceparent it was reported in).
        seen: Versions of other streams that were decided against; a `Conflict` if one has more.
    """

    now: int
    companies: list[str | None] = field(default_factory=list)
    occurred: list[int] = field(default_factory=list)
    public: list[bool] = field(default_factory=list)
    reports: list[ReportRow] = field(default_factory=list)
    externals: list[tuple[bytes, str]] = field(default_factory=list)
    handles: list[tuple[bytes, str]] = field(default_factory=list)
    affiliations: list[tuple[bytes, str]] = field(default_factory=list)
    traces: list[tuple[int, str]] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
