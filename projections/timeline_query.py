"""Reading the timeline: pages by cursor, both ways, and what came since.

A pass sees the log as it was when it began: its cursors carry the head of that moment.  Pages
are the stored documents joined, each with its place and cursor put in front.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple

import orjson

from domain.errors import CompanyHidden, QueryRefused
from domain.values import Reader, everything
from projections import unions
from projections.cursor import DIGEST, Cursor, Cursors
from projections.database import Row
from projections.projection import View
from projections.timeline_filter import FARTHEST, Filter, at_of, search_for
from projections.timeline_words import Condition

PLACES: Final = {"position": 0, "occurred_at": 2}
"""Where a row holds what it can be put in order by."""

LARGEST: Final = 200
"""Entries of one page, at most."""

Order = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries in the order asked for, and the cursors before and after them.

    Attributes:
        entries: Their JSON, people still in slots.
        next: Where to go on, empty at the end.
        prev: Where to go back, empty at the beginning.
        position: The head of the log that the pass sees.
        counted: Whether the reader is shown positions; a customer is not.
    """

    entries: list[bytes]
    next: str | None
    prev: str | None
    position: int
    counted: bool = True

    def json(self, extra: Mapping[str, Any] | None = None) -> bytes:
        """Write the page, with *extra* members at its end."""
        position = self.position if self.counted else None
        rest = {"next": self.next, "prev": self.prev, "position": position, **(extra or {})}
        return b'{"entries":[%b],%b' % (b",".join(self.entries), orjson.dumps(rest)[1:])


class Arrival(NamedTuple):
    """An entry as it came in, for those who follow.

    Attributes:
        id: Signed (position, digest of the filter), from which to follow again.
    """

    id: str
    position: int
    entry: bytes


class Question:
    """Who asks what of which company: a page's conditions and how its entries are shown."""

    def __init__(
        self, view: View, reader: Reader, company_id: str, filter: Filter, cursors: Cursors
    ) -> None:
        """Refuse a company that *reader* has no right to."""
        if not reader.may_read(company_id):
            raise CompanyHidden(f"you have no right to read the company {company_id}")
        self.view, self.reader = view, reader
        self.company_id, self.filter = company_id, filter
        self.cursors = cursors
        self.digest = _digest(reader, company_id, filter)

    def rows(self, order: Sequence[str], limit: int, head: int, *bounds: Condition) -> list[Row]:
        """Read (position, shown number, occurred_at, document, …) of entries within *bounds*.

        Args:
            order: The columns that put them in order, each with ``DESC`` if it is to fall.
            head: The position up to which merges of companies and tickets count.
        """
        tail = f"ORDER BY {', '.join(order)} LIMIT ?"

        def read(company_id: str) -> list[Row]:
            search = search_for(self.view, self.reader, company_id, self.filter, head)
            return search.select(
                self.view, self._columns, *bounds, tail=tail, first=[company_id], last=[limit]
            )

        is_wide = self.filter.roll_up and not self.reader.public_only
        rows = [] if is_wide else read(self.company_id)
        # Nearly every company stands alone, and its own rows say so; a customer is told of none.
        if self.reader.public_only or (rows and not rows[0][-1]):
            return rows
        companies = self._companies(head)
        if is_wide or len(companies) > 1:
            rows = [row for company_id in companies for row in read(company_id)]
            places = [PLACES[column.split()[0]] for column in order]
            rows.sort(key=itemgetter(*places), reverse=order[0].endswith("DESC"))
        return rows[:limit]

    def _companies(self, head: int) -> list[str]:
        """List the companies whose entries are shown as those of the one that is asked.

        What each of them holds is read by its own right.
        """
        found = unions.companies_in(
            self.view, self.company_id, at_of(self.filter, head), roll_up=self.filter.roll_up
        )
        return [company for company in found if self.reader.may_read(company)]

    def marks(self, rows: Sequence[Row], head: int) -> Sequence[bytes]:
        """Write the cursors of entries."""
        positions, _, times, *_ = zip(*rows, strict=True) if rows else ((),) * 3
        return self.cursors.write_all(head, self.digest, times, positions)

    def shown(self, rows: Sequence[Row], cursors: Sequence[bytes]) -> list[bytes]:
        """Put its place and cursor in front of each document."""
        if self.reader.public_only:
            return [
                b'{"public_seq":%d,"cursor":"%b",%b' % (number, cursor, document)
                for (_, number, _, document, _), cursor in zip(rows, cursors, strict=True)
            ]
        return [
            b'{"position":%d,"company_seq":%d,"cursor":"%b",%b'
            % (position, number, cursor, document)
            for (position, number, _, document, _), cursor in zip(rows, cursors, strict=True)
        ]

    @property
    def _columns(self) -> str:
        return f"position, {self._number}, occurred_at, {self._document}, {unions.HAS_PARTS}"

    @property
    def _number(self) -> str:
        return "public_seq" if self.reader.public_only else "company_seq"

    @property
    def _document(self) -> str:
        if self.reader.public_only:
            return "COALESCE(redacted, document)"
        if "restricted" in self.reader.visibilities:
            return "document"
        return "CASE visibility WHEN 'restricted' THEN redacted ELSE document END"


def page(
    view: View,
    reader: Reader,
    company_id: str,
    filter: Filter,
    cursors: Cursors,
    *,
    after: str | None = None,
    before: str | None = None,
    limit: int = 50,
    order: Order = "asc",
    head: int,
) -> Page:
    """Read a page of a company's timeline in happened order.

    Args:
        after: A cursor; the page begins just after its entry, in the order asked for.
        before: A cursor; the page ends just before its entry.
        limit: From 1 to 200.
        head: The position the view is at; a pass that goes on sees that of its start.

    Raises:
        CompanyHidden: If the reader has no right to the company.
        CursorRefused: If the cursor is none, or belongs to another question.
        QueryRefused: If the limit is out of range, or both cursors are given.
    """
    _check(limit, after, before)
    asked = Question(view, reader, company_id, filter, cursors)
    given = after if before is None else before
    start = None if given is None else asked.cursors.read(given, asked.digest)
    head = start.head if start else min(head, _known(filter))
    rows = _rows_from(asked, start, limit, head, forward=(order == "asc") == (before is None))
    more, rows = len(rows) > limit, rows[:limit]
    if before is not None:
        rows.reverse()
    cursors_of = asked.marks(rows, head)
    follows, precedes = more or before is not None, more if before is not None else start
    return Page(
        asked.shown(rows, cursors_of),
        next=cursors_of[-1].decode() if rows and follows else None,
        prev=cursors_of[0].decode() if rows and precedes else None,
        position=head,
        counted=not reader.public_only,
    )


def _check(limit: int, after: str | None, before: str | None) -> None:
    if not 1 <= limit <= LARGEST:
        raise QueryRefused(f"limit is from 1 to {LARGEST}, not {limit}")
    if after is not None and before is not None:
        raise QueryRefused("a page lies after one cursor or before one; give one of them")


def _rows_from(
    asked: Question, start: Cursor | None, limit: int, head: int, *, forward: bool
) -> list[Row]:
    """Read one row more than a page needs, on the side of *start* that is asked for."""
    # The plus keeps SQLite from reading in order of position and sorting afterwards.
    bounds: list[Condition] = [("+position <= ?", [head])]
    if start:
        sign = ">" if forward else "<"
        place = [start.occurred_at, start.position]
        bounds.append((f"(occurred_at, position) {sign} (?, ?)", place))
    order = ("occurred_at", "position") if forward else ("occurred_at DESC", "position DESC")
    return asked.rows(order, limit + 1, head, *bounds)


def _digest(reader: Reader, company_id: str, filter: Filter, use: str = "page") -> bytes:
    """Bind cursors to the question, the kind of reader and what they are for."""
    asked = f"{company_id}|{reader.public_only}|{use}|".encode()
    return blake2b(asked + filter.digest, digest_size=DIGEST).digest()


def _known(filter: Filter) -> int:
    return FARTHEST if filter.known_at is None else filter.known_at


def recorded_since(  # noqa: PLR0917  a place, then the question as everywhere
    view: View,
    reader: Reader,
    company_id: str,
    position: int,
    filter: Filter,
    cursors: Cursors,
    *,
    limit: int = LARGEST,
    head: int,
) -> list[Arrival]:
    """Read what was recorded after *position*, in recorded order, for those who follow.

    Raises:
        CompanyHidden: If the reader has no right to the company.
    """
    asked = Question(view, reader, company_id, filter, cursors)
    bounds = ("position > ? AND position <= ?", [position, min(head, _known(filter))])
    rows = asked.rows(["position"], limit, head, bounds)
    digest = _digest(reader, company_id, filter, "live")
    return [
        Arrival(asked.cursors.write(Cursor(row[0], row[2], row[0], digest)), row[0], entry)
        for row, entry in zip(rows, asked.shown(rows, asked.marks(rows, head)), strict=True)
    ]


def followed_to(id: str, reader: Reader, company_id: str, filter: Filter, cursors: Cursors) -> int:
    """Read the position from the id of an `Arrival`, such as ``Last-Event-ID``.

    Raises:
        CursorRefused: If it is no such id, or belongs to another question.
    """
    digest = _digest(reader, company_id, filter, "live")
    return cursors.read(id, digest).position


def count(view: View, company_id: str, filter: Filter) -> int:
    """Count the entries of a company that *filter* lets through."""
    search = search_for(view, everything(), company_id, filter)
    rows = search.select(view, "count(*)", ("position <= ?", [_known(filter)]))
    return int(rows[0][0])
