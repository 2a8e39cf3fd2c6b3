"""A log of rows becomes reports: rows → tickets → events, in the order of their times.

The rows are sorted by ticket on disk, each ticket is walked alone, and what it says is sorted
by time on disk: memory holds one ticket, and the ids of companies and contacts.
"""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from domain.events import Event, Source
from domain.values import Visibility, moment
from services.adapters.ids import ticket_id
from services.adapters.lines import Lines
from services.adapters.mapping import Mapping, MappingError
from services.adapters.people import Introduction, People
from services.adapters.rejects import Rejects
from services.adapters.rules import Rules
from services.adapters.times import says_zone
from services.adapters.walk import Draft, Walk, built
from services.wire import Report

SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32000;
CREATE TABLE row (ticket TEXT, line INTEGER, text TEXT);
CREATE TABLE draft (
    time INTEGER, line INTEGER, nth INTEGER, type TEXT, stream TEXT, at INTEGER, data BLOB,
    actor TEXT, visibility TEXT, external TEXT, activity TEXT, company TEXT, contact TEXT
);
"""

STEP: Final = 1_000
"""Rows, or tickets, between two words about the progress."""

Progress = Callable[[int, int], None]
"""Told what is done and what there is to do; here in bytes of the file, twice over."""


class CsvLog:
    """One file, read by a mapping: first `read` it, then take its `reports`.

    Attributes:
        total: How many reports there are.
        digest: Names the log in the ids of its events.
    """

    def __init__(self, path: Path, mapping: Mapping, rejects: Rejects) -> None:
        """Open the file and find the mapping's columns in it.

        Raises:
            OSError: If the file cannot be opened.
            MappingError: If it lacks a column that the mapping names, or a header.
        """
        self.mapping = mapping
        self._rejects = rejects
        try:
            self._lines = Lines(path, mapping.file.delimiter, mapping.file.encoding, rejects)
        except ValueError as error:
            raise MappingError(str(error)) from None
        try:
            self._rules = Rules(mapping, self._lines.header)
        except MappingError:
            self._lines.close()
            raise
        self._people = People(mapping, self._rules)
        self._walk = Walk(mapping, self._rules, self._people, self._lines, rejects)
        self._id = mapping.file.id or f"{mapping.name}-{self._lines.digest()}"
        self._database = sqlite3.connect("", isolation_level=None)  # a file that closing removes
        self._database.executescript(SCHEMA)
        assumed = mapping.time.zone if not says_zone(mapping.time.form) else None
        self._zone = assumed
        self.total = 0

    def read(self, progress: Progress = lambda _done, _total: None) -> None:
        """Read the whole file, and sort what it says."""
        execute, many = self._database.execute, self._database.executemany
        execute("BEGIN")
        size = self._lines.size
        many("INSERT INTO row VALUES (?, ?, ?)", self._rows(lambda done: progress(done, 2 * size)))
        rows: int = execute("SELECT count(*) FROM row").fetchone()[0]

        def walked(done: int) -> None:
            progress(size + size * done // max(rows, 1), 2 * size)

        marks = ", ".join("?" * len(Draft._fields))
        many(f"INSERT INTO draft VALUES ({marks})", self._drafts(walked))
        progress(2 * size, 2 * size)
        execute("COMMIT")
        drafts: int = execute("SELECT count(*) FROM draft").fetchone()[0]
        self.total = drafts + self._people.introductions

    def reports(self) -> Iterator[Report]:
        """Yield what happened, oldest first; whom it speaks of is introduced before."""
        met: set[tuple[str, str | None]] = set()
        for row in self._database.execute("SELECT * FROM draft ORDER BY time, line, nth"):
            draft = Draft._make(row)
            if (draft.company, draft.contact) not in met:
                for someone in self._people.introduced(draft.company, draft.contact, met):
                    yield self._introduction(someone, draft)
            yield self._report(draft)

    def notes(self) -> Iterator[str]:
        """Say what was done knowingly, and what whoever imports should know."""
        yield from self.mapping.notes
        walk = self._walk
        yield f"{walk.rows:,} rows of {walk.tickets:,} tickets"
        if walk.copies:
            yield f"exact copies of a row before, each kept as a step: {walk.copies:,}"
        if walk.backwards:
            yield f"rows older than the row before, left in the file's order: {walk.backwards:,}"
        if walk.cut:
            yield f"values cut to 200 characters: {walk.cut:,}"
        for problem, times in self._rules.unmapped.most_common():
            yield f"fields left out, because {problem}: {times:,}"
        if self._rules.unused:
            yield f"columns that the mapping does not mention: {', '.join(self._rules.unused)}"

    def close(self) -> None:
        """Close the file, and drop what was sorted."""
        self._lines.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _rows(self, read: Callable[[int], None]) -> Iterator[tuple[str, int, str]]:
        """Yield (ticket, line, text) of each row that names its ticket."""
        column, missing = self._rules.ticket, ("", *self.mapping.file.missing)
        prefix, strip = self.mapping.ticket.prefix, self.mapping.ticket.strip
        for number, record in enumerate(self._lines.records()):
            value = record.fields[column].strip()
            if value in missing:
                self._rejects.add(
                    f"{self.mapping.ticket.column}: the row names no ticket",
                    line=record.line,
                    raw=record.text,
                )
                continue
            ticket = ticket_id(value, prefix, strip)
            self._people.meet(record.fields, ticket)
            yield ticket, record.line, record.text
            if number % STEP == 0:
                read(self._lines.done())

    def _drafts(self, walked: Callable[[int], None]) -> Iterator[Draft]:
        rows = self._database.execute("SELECT ticket, line, text FROM row ORDER BY ticket, line")
        for ticket, group in groupby(rows, key=itemgetter(0)):
            yield from self._walk.ticket(ticket, (row[1:] for row in group))
            if self._walk.tickets % STEP == 0:
                walked(self._walk.rows)

    def _report(self, draft: Draft) -> Report:
        inherits = draft.stream.startswith("ticket/") and draft.type != "ticket.opened"
        return Report(
            event=built(draft.type, draft.data),
            stream_id=draft.stream,
            occurred_at=moment(draft.at),
            actor=draft.actor,
            source=self._source(draft.external, draft.activity),
            visibility=draft.visibility,
            company=None if inherits else draft.company,
        )

    def _introduction(self, someone: Introduction, draft: Draft) -> Report:
        return Report(
            event=someone.event,
            stream_id=someone.stream,
            occurred_at=moment(draft.at),
            actor=f"system/{self.mapping.name}",
            source=self._source(someone.external, None),
            visibility=_default(someone.event),
        )

    def _source(self, external: str, activity: str | None) -> Source:
        return Source(
            system=self.mapping.name,
            external_id=f"{self._id}:{external}",
            activity=activity,
            imported=True,
            assumed_zone=self._zone,
        )


def _default(event: Event) -> Visibility:
    return event.VISIBILITY or "internal"
