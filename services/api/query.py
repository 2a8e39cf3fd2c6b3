"""What a timeline can be asked: the filters of one request, checked and named once."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Annotated, Any, Final, Literal, get_origin
from urllib.parse import parse_qsl

from fastapi.exceptions import RequestValidationError
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from domain.errors import UnknownType
from domain.events import TYPES
from domain.values import CompanyId, Level, Visibility, micros
from projections.replay_difference import Instant, not_in_order
from projections.timeline_filter import Filter
from services.api.problems import NO_NUL, BadRequest
from services.reading import Reading
from services.security import Denied

DAY: Final = len("2026-11-03")
DIGITS: Final = 18
"""Digits of a position at most; what is longer fits no database."""

EXAMPLES: Final = "2026-11-03T14:02:00Z, or 2026-11-03 for its midnight in UTC"

PLUS_LOST: Final = re.compile(r":\d\d(?:[.,]\d+)? \d\d(?::?\d\d)?$", re.ASCII)
"""How a time ends whose zone began with a plus, which an address reads as a space."""


def moment(value: str) -> datetime:
    """Read a time with zone, or a day, which means its first moment in UTC.

    Raises:
        ValueError: If it is neither; no number of seconds is taken for a time.
    """
    try:
        found = datetime.fromisoformat(value)
        found = found.replace(tzinfo=UTC) if len(value) == DAY else found
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    if PLUS_LOST.search(value):
        raise ValueError("the zone's + came as a space: write + as %2B in an address")
    raise ValueError(f"a time is written as {EXAMPLES}")


When = Annotated[datetime, BeforeValidator(moment), Field(examples=["2026-11-03T14:02:00Z"])]
Position = Annotated[int, Field(ge=0, le=2**62)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
Words = Annotated[list[Word], Field(max_length=200)]


class TimelineQuery(BaseModel):
    """Filters of one kind mean any of them, of several kinds all of them."""

    model_config = ConfigDict(extra="forbid")

    since: When | None = Field(None, alias="from", description="happened from then on")
    until: When | None = Field(None, alias="to", description="happened before then")
    as_of: When | None = Field(None, description="as it had happened by then")
    known_at: Word | None = Field(None, description="as recorded by this position or time")
    type: Words = Field([], description="event types, such as ticket.opened")
    actor: Words = Field([], description="who did it, such as agent/mia")
    channel: Words = []
    severity: list[Level] = Field([], max_length=5)
    ticket: Words = []
    contact: Words = []
    product: Words = []
    department: Words = []
    visibility: list[Visibility] = Field([], max_length=3)
    search: str | None = Field(None, max_length=500, description='words, "phrases", a prefix last')
    roll_up: bool = Field(False, description="with the companies that belong to this one")
    after: str | None = Field(None, max_length=200, description="cursor: what comes after it")
    before: str | None = Field(None, max_length=200, description="cursor: what comes before it")
    limit: int = Field(50, ge=1, le=200)
    order: Literal["asc", "desc"] = "asc"
    context: bool = Field(
        False, description="with what each entry's company was worth when it happened"
    )
    wait_for: Position | None = Field(
        None, description="wait up to 2 s for this position, then say that the page is stale"
    )

    def filter(self, read: Reading) -> Filter:
        """Build the filter of the projection's query.

        Raises:
            UnknownType: If no event has such a type.
            QueryRefused: If a value is out of range.
        """
        position = known(read, self.known_at)
        return self.asked if position is None else replace(self.asked, known_at=position)

    @cached_property
    def asked(self) -> Filter:
        """What is asked, as of now."""
        for name in self.type:
            if name not in TYPES:
                raise UnknownType("type: no event has such a type; docs/events.md lists them all")
        return Filter(
            since=_micros(self.since),
            until=_micros(self.until),
            as_of=_micros(self.as_of),
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
            roll_up=self.roll_up,
        )

    def waits_for(self, read: Reading) -> int | None:
        """Say for which position to wait."""
        if self.wait_for is not None:
            positions_are_told(read)
        return self.wait_for


_LISTS: Final = frozenset(
    field.alias or name
    for name, field in TimelineQuery.model_fields.items()
    if get_origin(field.annotation) is list
)
_COMPANY: Final[TypeAdapter[str]] = TypeAdapter(CompanyId)


@lru_cache(1024)
def asked_by(query_string: bytes) -> TimelineQuery:
    """Read the parameters of a timeline as they stand in the address.

    Raises:
        RequestValidationError: If one is unknown, or not what it must be.
    """
    given: dict[str, Any] = {}
    for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        if name in _LISTS:
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    with _invalid_at("query"):
        return TimelineQuery.model_validate(given)


def company_of(path: Mapping[str, Any]) -> str:
    """Read the company that an address names.

    Raises:
        RequestValidationError: If it is no id.
    """
    with _invalid_at("path", "company_id"):
        return _COMPANY.validate_python(path["company_id"])


@contextmanager
def _invalid_at(*place: str) -> Iterator[None]:
    """Say of what is not valid where it stood, as the framework does."""
    try:
        yield
    except ValidationError as error:
        wrong = [{**one, "loc": (*place, *one["loc"])} for one in error.errors()]
        raise RequestValidationError(wrong) from None


def known(read: Reading, value: str | None) -> int | None:
    """Turn what was asked (a position, or a time of recording) into a position."""
    if value is None:
        return None
    asked = instant(value, read)
    return asked if isinstance(asked, int) else read.position_at(asked)


def instant(value: str, read: Reading) -> Instant:
    """Read a position or a time.

    Raises:
        BadRequest: If it is neither.
        Denied: If a customer asks by position.
    """
    if value.isdecimal() and value.isascii() and len(value) <= DIGITS:
        positions_are_told(read)
        return int(value)
    try:
        return moment(value)
    except ValueError as error:
        raise BadRequest(f"{error}; or give a position, such as 4711") from None


def instants(start: str, end: str, read: Reading) -> tuple[Instant, Instant]:
    """Read the two ends of a comparison: times or positions, the earlier one first.

    Raises:
        BadRequest: If they are not.
        Denied: If a customer asks by position.
    """
    first, last = instant(start, read), instant(end, read)
    if wrong := not_in_order(first, last, ("from", "to")):
        raise BadRequest(wrong)
    return first, last


def positions_are_told(read: Reading) -> None:
    """Refuse positions to a customer, who could count by them what is not shown.

    Raises:
        Denied: If a customer asks.
    """
    if read.reader().public_only:
        raise Denied("this key is not told positions; give a time")


def _micros(found: datetime | None) -> int | None:
    return None if found is None else micros(found)
