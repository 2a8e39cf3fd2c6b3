"""What a timeline can be asked: the filters of one request, checked and named once."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.values import Level, Visibility
from projections.replay import Instant
from projections.timeline_filter import Filter
from services.api.problems import BadRequest
from services.reading import Reading

Position = Annotated[int, Field(ge=0, le=2**62)]
DIGITS = 18
"""Digits of a position at most; what is longer fits no database."""


class TimelineQuery(BaseModel):
    """Filters of one kind mean any of them, of several kinds all of them."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime | None = Field(None, alias="from", description="happened from then on")
    until: AwareDatetime | None = Field(None, alias="to", description="happened until then")
    as_of: AwareDatetime | None = Field(None, description="as it had happened by then")
    known_at: str | None = Field(None, description="as recorded by this position or time")
    type: list[str] = Field([], description="event types")
    actor: list[str] = []
    channel: list[str] = []
    severity: list[Level] = []
    ticket: list[str] = []
    contact: list[str] = []
    product: list[str] = []
    department: list[str] = []
    visibility: list[Visibility] = []
    search: str | None = Field(None, max_length=500, description='words, "phrases", a prefix last')
    after: str | None = Field(None, max_length=500, description="cursor: what comes after it")
    before: str | None = Field(None, max_length=500, description="cursor: what comes before it")
    limit: int = Field(50, ge=1, le=200)
    order: Literal["asc", "desc"] = "asc"
    wait_for: Position | None = Field(None, description="wait up to 2 s for this position")

    def filter(self, read: Reading) -> Filter:
        """Build the filter of the projection's query."""
        return Filter(
            since=self.since,
            until=self.until,
            as_of=self.as_of,
            known_at=known(read, self.known_at),
            types=tuple(self.type),
            actors=tuple(self.actor),
            channels=tuple(self.channel),
            severities=tuple(self.severity),
            tickets=tuple(self.ticket),
            contacts=tuple(self.contact),
            products=tuple(self.product),
            departments=tuple(self.department),
            visibilities=tuple(self.visibility),
            search=self.search,
        )


def known(read: Reading, value: str | None) -> int | None:
    """Turn what was asked (a position, or a time of recording) into a position."""
    if value is None:
        return None
    asked = instant(value)
    return asked if isinstance(asked, int) else read.position_at(asked)


def instant(value: str) -> Instant:
    """Read a position or a time with zone.

    Raises:
        BadRequest: If it is neither.
    """
    if value.isdecimal() and len(value) <= DIGITS:
        return int(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadRequest(f"{value[:40]!r} is neither a position nor a time such as 2026-11-03T14Z")
    return moment
