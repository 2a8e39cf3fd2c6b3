"""Ids, times, amounts and readers: the small words the rest is written in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal

import orjson
from pydantic import AfterValidator, AwareDatetime, Field, PlainSerializer, StringConstraints

ID_PATTERN: Final = r"[A-Za-z0-9._:~-]{1,128}"
"""What an id may be; never an address, nor a hash of one."""

KINDS: Final = ("company", "contact", "ticket", "interaction", "survey", "product", "reads")
"""The kinds of stream; a stream id is ``kind/id``."""

UNASSIGNED: Final = "unassigned"
"""The company that holds what could not be matched to a customer yet."""

Id = Annotated[str, StringConstraints(pattern=f"^{ID_PATTERN}$")]
CompanyId = Annotated[Id, "company"]
ContactId = Annotated[Id, "contact"]
TicketId = Annotated[Id, "ticket"]
UserId = Annotated[Id, "staff"]
StreamId = Annotated[str, StringConstraints(pattern=f"^({'|'.join(KINDS)})/{ID_PATTERN}$")]
Actor = Annotated[str, StringConstraints(pattern=f"^(agent|contact|system)/{ID_PATTERN}$")]
"""Who did it: ``agent/mia``, ``contact/jan``, ``system/crm``."""

Code = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A code or short label of a source system: plain, never free text about a person."""

Visibility = Literal["public", "internal", "restricted"]
Level = Annotated[int, Field(ge=1, le=5)]
"""A severity or a priority: 1 is the worst."""

Trend = Literal["improving", "same", "worsening"]

Number = Annotated[int, Field(ge=-(2**53) + 1, le=2**53 - 1)]
"""A whole number that readers of JSON and both databases keep exactly."""

Amount = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=4, ge=0),
    PlainSerializer("{:f}".format, return_type=str, when_used="json"),
]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


def not_too_old(moment: datetime) -> datetime:
    """Let a time of an event pass, if it is of 1970 or later.

    An older one is a slip, such as a year that was left out, and would begin a company's story
    for ever.

    Raises:
        ValueError: If it is older.
    """
    if moment < EPOCH:
        raise ValueError("the time lies before 1970: correct it, or leave the event out")
    return moment


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time lies outside the years 1 to 9999 in UTC") from None


def rfc3339(moment: datetime) -> str:
    """Write *moment* in UTC with six digits, the one form of time in JSON here."""
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    text = orjson.dumps(moment, option=orjson.OPT_UTC_Z).decode()  # a third of isoformat's time
    return text[1:-1] if moment.microsecond else f"{text[1:-2]}.000000Z"


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
]
"""A point in time, UTC; a naive one is refused."""


def micros(moment: datetime) -> int:
    """Say *moment* as microseconds since 1970, the one form of time in SQL here."""
    return (moment - EPOCH) // MICROSECOND


def moment(microseconds: int) -> datetime:
    """Turn *microseconds* since 1970 back into a point in time."""
    return EPOCH + timedelta(microseconds=microseconds)


def ticket_chain(ticket_id: str) -> str:
    """Name the chain of a ticket: the first stream, of which ``T~2`` is the second."""
    return ticket_id.split("~", 1)[0]


@dataclass(frozen=True)
class Reader:
    """What one who asks may see: set by `authorize`, obeyed by every query.

    Attributes:
        visibilities: Entries whose text may be read; others are redacted, not hidden.
        companies: The companies that may be read; ``None`` for all.
        public_only: A customer: what is not public does not exist.
    """

    visibilities: frozenset[str]
    companies: frozenset[str] | None = None
    public_only: bool = False

    def may_read(self, company_id: str | None) -> bool:
        """Say whether *company_id* is within reach."""
        return self.companies is None or company_id in self.companies


def everything(companies: Iterable[str] | None = None) -> Reader:
    """Build the reader who sees every text, of all or of the given companies."""
    return Reader(
        frozenset(("public", "internal", "restricted")),
        None if companies is None else frozenset(companies),
    )
