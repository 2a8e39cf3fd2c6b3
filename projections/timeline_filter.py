"""What to show of a timeline: several filters at once, each of several values."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

from domain.errors import QueryRefused
from domain.values import Reader, ticket_chain
from projections import unions
from projections.cursor import DIGEST
from projections.database import Row
from projections.projection import View
from projections.timeline_words import Condition, having_words
from projections.unions import At
from projections.words import parse

MOST: Final = 200
"""Values of one filter."""

FARTHEST: Final = 2**63 - 1
"""The largest number that both databases keep."""

COLUMNS: Final = {
    "types": "type",
    "actors": "actor",
    "channels": "channel",
    "severities": "severity",
    "tickets": "ticket_id",
    "contacts": "contact_id",
    "products": "product",
    "departments": "department",
    "visibilities": "visibility",
    "events": "event_id",
}
"""Filters by values to the columns that hold them."""

BOUNDS: Final = {"since": ">=", "until": "<", "as_of": "<="}
"""Filters by when something happened."""

UNITED: Final[dict[str, unions.Kind]] = {"tickets": "ticket", "contacts": "contact"}
"""Filters by what may go on inside another, and is found by both."""

SEVERAL: Final = {"tickets": "ticket", "contacts": "contact", "products": "product"}
"""Filters for which an entry may have several values."""

UNSEEN: Final = ("actors", "channels", "severities", "contacts", "products", "search")
"""What a redacted entry does not show, and so is not found by."""

UNSEEN_BY_CUSTOMERS: Final = ("channels", "severities", "contacts", "products", "departments")
"""What may be known of a public entry from others that are not; a customer is not helped by it."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What to show; what is empty filters nothing, and several values mean any of them.

    Attributes:
        since: Happened then or later; times are microseconds since 1970.
        until: Happened before.
        as_of: Happened by then.
        known_at: The last position that is known of.
        types: Stored names of events, such as ``ticket.opened``.
        actors: Who did it, such as ``agent/mia``.
        severities: As known when the entry was recorded; 1 is the worst.
        tickets: Ids of tickets; any stream of a chain stands for the whole chain.
        search: Words, ``"quoted phrases"``; of the last word the beginning is enough.
        roll_up: Of the companies, too, that belong to the one that is asked.
        events: Ids of events: the evidence of something.
    """

    since: int | None = None
    until: int | None = None
    as_of: int | None = None
    known_at: int | None = None
    types: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    severities: tuple[int, ...] = ()
    tickets: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    visibilities: tuple[str, ...] = ()
    search: str | None = None
    roll_up: bool = False
    events: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check and order what is asked.

        Raises:
            QueryRefused: If a number is out of range, a text cannot be stored, a filter has
                more than 200 values, the search has no word, or it ends before it begins.
        """
        if self.since is not None and self.until is not None and self.since > self.until:
            raise QueryRefused("from is later than to, so that nothing can lie between them")
        for name in COLUMNS:
            if values := getattr(self, name):
                values = map(ticket_chain, values) if name == "tickets" else values
                values = tuple(sorted(set(values)))
                object.__setattr__(self, name, values)
                _check_values(name, values)
        for name in ("since", "until", "as_of", "known_at"):
            if number := getattr(self, name):
                _check_values(name, (number,))
        if self.search is not None:
            parse(self.search)

    @cached_property
    def digest(self) -> bytes:
        """What is asked in a few bytes: equal for equal filters."""
        later = ("roll_up", "events")  # cursors that were given before are read for ever
        asked = [value for name, value in vars(self).items() if value or name not in later]
        return blake2b(orjson.dumps(asked), digest_size=DIGEST).digest()


def _check_values(name: str, values: tuple[Any, ...]) -> None:
    if len(values) > MOST:
        raise QueryRefused(f"{name} takes at most {MOST} values; there are {len(values)}")
    for value in values:
        if isinstance(value, int) and not -FARTHEST <= value <= FARTHEST:
            raise QueryRefused(f"{name}: {value} is out of range")
        if isinstance(value, str) and ("\x00" in value or not _is_text(value)):
            raise QueryRefused(f"{name}: a value is not text that can be stored")


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


class Search(NamedTuple):
    """A filter as SQL: what entries must fulfil."""

    conditions: list[Condition]

    def select(
        self, view: View, columns: str, *more: Condition, tail: str = "",
        first: Sequence[Any] = (), last: Sequence[Any] = (),
    ) -> list[Row]:  # fmt: skip
        """Read *columns* of what fulfils all conditions and *more*.

        Args:
            first: What is asked for in *columns*.
            last: What is asked for in *tail*.
        """
        every = [*self.conditions, *more]
        where = " AND ".join(condition for condition, _ in every)
        bound = [value for _, values in every for value in values]
        return view.all(
            f"SELECT {columns} FROM {{entries}} WHERE {where} {tail}",
            [*first, *bound, *last],
        )


def search_for(
    view: View, reader: Reader, company_id: str, asked: Filter, known_at: int = FARTHEST
) -> Search:
    """Write *asked* as SQL over one company's entries, with what *reader* may find.

    Args:
        known_at: The position up to which merges and splits count; a customer is told of none.
    """
    found = [("company_id = ?", [company_id]), *_visible(reader, asked)]
    at = None if reader.public_only else at_of(asked, known_at)
    for name, column in COLUMNS.items():
        if not (values := getattr(asked, name)):
            continue
        is_plain = name not in SEVERAL
        found.append(
            _any_of(column, values) if is_plain else _elsewhere(view, company_id, name, values, at)
        )
    for bound, within in BOUNDS.items():
        if (moment := getattr(asked, bound)) is not None:
            found.append((f"occurred_at {within} ?", [moment]))
    if asked.search is not None:
        found.append(having_words(view, company_id, parse(asked.search)))
    return Search(found)


def at_of(asked: Filter, known_at: int = FARTHEST) -> At:
    """Say as of when merges count."""
    position = FARTHEST if asked.known_at is None else asked.known_at
    return At(FARTHEST if asked.as_of is None else asked.as_of, min(position, known_at))


def _elsewhere(
    view: View, company_id: str, name: str, values: tuple[Any, ...], at: At | None
) -> Condition:
    """Let through entries that have one of some values, by what they name, or by what was joined.

    Args:
        at: As of when merges and splits count; ``None``: they do not.
    """
    kind = SEVERAL[name]
    if not _is_elsewhere(view, company_id, kind, values):
        return _any_of(COLUMNS[name], values)
    if at and name in UNITED:
        values = (*values, *unions.parts(view, UNITED[name], values, at))
    condition = _also(view, company_id, name, values)
    return (
        _split(view, company_id, condition, values, at) if at and name == "tickets" else condition
    )


def _is_elsewhere(view: View, company_id: str, kind: str, values: tuple[Any, ...]) -> bool:
    """Say whether entries may have one of some values in another place than its column.

    Nearly never does anything: then one look tells so, and the index of the column serves.
    """
    marks = _marks(values)
    row = view.one(
        f"SELECT EXISTS (SELECT 1 FROM {{also}} WHERE company_id = ? AND kind = ? "
        f"AND id IN ({marks})) "
        f"OR EXISTS (SELECT 1 FROM {{unions}} WHERE kind = ? AND whole IN ({marks})) "
        f"OR EXISTS (SELECT 1 FROM {{moved}} WHERE company_id = ? "
        f"AND (away IN ({marks}) OR ticket IN ({marks})))",
        (company_id, kind, *values, kind, *values, company_id, *values, *values),
    )
    return bool(row and row[0])


def _split(
    view: View, company_id: str, own: Condition, tickets: tuple[str, ...], at: At
) -> Condition:
    """Leave out entries that a split shows in another ticket; take in those it shows here."""
    marks = _marks(tickets)
    moved = (
        "FROM {moved} WHERE {moved}.company_id = ? AND {moved}.position <= ? "
        "AND {moved}.occurred_at <= ? "
        f"AND (away IN ({marks})) <> (ticket IN ({marks}))"
    )
    bound = [company_id, at.known_at, at.as_of, *tickets, *tickets]
    if view.one(f"SELECT 1 {moved} LIMIT 1", bound) is None:
        return own
    condition, values = own
    before = "{entries}.occurred_at <= {moved}.occurred_at"  # what had happened by the split
    away, here = (
        f"SELECT event_id {moved} AND {before} AND {side} IN ({marks})"
        for side in ("away", "ticket")
    )
    return (
        f"({condition} AND event_id NOT IN ({away}) OR event_id IN ({here}))",
        [*values, *bound, *tickets, *bound, *tickets],
    )


def _any_of(column: str, values: tuple[Any, ...]) -> Condition:
    return f"{column} IN ({_marks(values)})" if len(values) > 1 else f"{column} = ?", list(values)


def _also(view: View, company_id: str, name: str, values: tuple[Any, ...]) -> Condition:
    """Let through, too, the few entries that name several."""
    own, _ = _any_of(COLUMNS[name], values)
    several = f"FROM {{also}} WHERE company_id = ? AND kind = ? AND id IN ({_marks(values)})"
    named = [company_id, SEVERAL[name], *values]
    if view.one(f"SELECT 1 {several} LIMIT 1", named) is None:
        return own, list(values)
    return f"({own} OR position IN (SELECT position {several}))", [*values, *named]


def _visible(reader: Reader, asked: Filter) -> Iterator[Condition]:
    """Hide what *reader* may not find: an entry is found by what is seen of it."""
    if reader.public_only:
        yield "visibility = 'public' AND public_seq IS NOT NULL", []
        for name in UNSEEN_BY_CUSTOMERS:
            if getattr(asked, name):
                yield "(inferred IS NULL OR inferred NOT LIKE ?)", [f"% {COLUMNS[name]} %"]
        return
    hidden = {"public", "internal", "restricted"} - reader.visibilities
    if not hidden:
        return
    readable = sorted(reader.visibilities)
    condition = f"visibility IN ({_marks(readable)})"
    if any(getattr(asked, name) for name in UNSEEN):
        yield condition, [*readable]
    elif hidden != {"restricted"}:
        yield f"({condition} OR visibility = 'restricted')", [*readable]


def _marks(values: Iterable[Any]) -> str:
    return ", ".join("?" for _ in values) or "NULL"
