"""The mapping made ready for one log: columns by their place, rules as functions of rows.

A row is the list of its values, ``None`` where one is missing.  `before` is the same ticket's
row before it; before the first one all values are missing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain.events import model_of
from domain.values import Visibility
from services.adapters.conditions import Columns, Place, Row, Test, all_of, watched
from services.adapters.fillers import Filler, Fillers
from services.adapters.fit import required
from services.adapters.mapping import Mapping, Opening, Rule
from services.adapters.times import time_reader
from services.adapters.values import columns_in


@dataclass(slots=True)
class Ready:
    """A rule made ready.

    Attributes:
        needs: Fields without which it says nothing.
        news: Fields that are there only if they changed; without any it says nothing either.
        takes: Columns whose new values it carries.
        at: The column of its own time.
    """

    type: str
    test: Test
    fill: Filler
    needs: frozenset[str]
    news: frozenset[str]
    takes: tuple[int, ...]
    at: int | None
    actor: Filler | None
    visibility: Visibility

    def says(self, row: Row, before: Row, place: Place) -> dict[str, Any] | None:
        """Fill the fields of the event, if it happened and there is enough to say."""
        if not self.test(row, before, place):
            return None
        fields: dict[str, Any] = self.fill(row, before, place)
        if not self.needs <= fields.keys() or (self.news and self.news.isdisjoint(fields)):
            return None
        return fields


class Rules:
    """What one log's rows say, by its mapping.

    Attributes:
        ticket, time, company, activity: Where these columns stand.
        person: Where the person stands, with name, mail address and phone.
        actor: Who did what a row says, unless its rule knows better.
        keep: The columns whose changes are kept, by their place.
        unused: The columns that the mapping does not mention.
    """

    def __init__(self, mapping: Mapping, header: list[str]) -> None:
        """Find every column that the mapping names.

        Raises:
            MappingError: If the log has no such column.
        """
        self._mapping = mapping
        self._columns = columns = Columns(mapping.name, header)
        self._missing = frozenset(("", *mapping.file.missing))
        self._read_time = time_reader(mapping.time.form, mapping.time.zone)
        self._fillers = Fillers(columns, mapping, self._read_time)
        self.ticket = columns.find(mapping.ticket.column, "ticket.column")
        self.time = columns.find(mapping.time.column, "time.column")
        self.activity = columns.maybe(mapping.activity, "activity")
        self.company, self.person = self._customer(mapping)
        self.actor = self._fillers.actor(mapping.actor, "actor")
        self.opening = self._ready("ticket.opened", mapping.opened, "opened")
        self.moved = self._ready("ticket.moved_away", Opening(), "company")
        self.updated = self._ready("ticket.updated", Opening(), "rest")
        self._rules = [self._ready(r.event, r, f"rule {n}") for n, r in enumerate(mapping.rules, 1)]
        self._always, self._by_column = self._watch(mapping)
        self._chosen: dict[int, list[Ready]] = {}
        self._hidden = list(self._backfilled(mapping))
        self.keep = {columns.find(name, "rest.keep"): name for name in mapping.rest.keep}
        for name in mapping.rest.ignore:
            columns.find(name, "rest.ignore")
        self.unused = columns.unused()

    @property
    def unmapped(self) -> Counter[str]:
        """The values that a table lacks, and how often they were met."""
        return self._fillers.unmapped

    def row(self, fields: Sequence[str], before: Row, place: Place) -> tuple[list[str | None], int]:
        """Read a row and its time, without what was not known yet.

        Raises:
            ValueError: If its time cannot be read.
        """
        missing = self._missing
        row = [None if value in missing else value for value in fields]
        at = self.happened(row, self.time)
        if at is None:
            raise ValueError(f"{self._mapping.time.column}: the time is missing")
        unknown: list[int] = []
        for columns, since, after in self._hidden:
            if not since(row, before, place) or self._too_early(row, at, after):
                unknown += columns
        for index in unknown:
            row[index] = None
        return row, at

    def concerned(self, changed: Iterable[int]) -> list[Ready]:
        """List the rules that may have to do with a row of which these columns changed."""
        bits = self._always
        for column in changed:
            bits |= self._by_column[column]
        if bits not in self._chosen:
            self._chosen[bits] = [
                rule for number, rule in enumerate(self._rules) if bits >> number & 1
            ]
        return self._chosen[bits]

    def micros(self, row: Row, column: int) -> int | None:
        """Read the time in a column.

        Raises:
            ValueError: If it is none; the message names the column.
        """
        text = row[column]
        if text is None:
            return None
        try:
            return self._read_time(text)
        except ValueError as error:
            raise ValueError(f"{self._columns.names[column]}: {text!r}: {error}") from None

    def happened(self, row: Row, column: int) -> int | None:
        """Read when an event happened from a column.

        Raises:
            ValueError: If it is no time, or one before 1970; the message names the column.
        """
        found = self.micros(row, column)
        if found is not None and found < 0:
            why = "the time lies before 1970"
            raise ValueError(f"{self._columns.names[column]}: {row[column]!r}: {why}")
        return found

    def _too_early(self, row: Row, at: int, after: list[int]) -> bool:
        for column in after:
            if (time := self.micros(row, column)) is not None:
                return at < time
        return False

    def _watch(self, mapping: Mapping) -> tuple[int, list[int]]:
        """Find which rules concern any row, and which only one where a column changed; as bits."""
        always = 0
        by_column = [0] * len(self._columns.names)
        for number, rule in enumerate(mapping.rules):
            columns = watched(self._columns, rule.when, f"rule {number + 1}.when")
            if columns is None:
                always |= 1 << number
            for index in columns or ():
                by_column[index] |= 1 << number
        return always, by_column

    def _customer(self, mapping: Mapping) -> tuple[int | None, tuple[int | None, ...]]:
        who = mapping.contact
        named = mapping.company.column if mapping.company else None
        company = self._columns.maybe(named, "company.column")
        if who is None:
            return company, (None, None, None, None)
        handles = {"column": who.column, "name": who.name, "email": who.email, "phone": who.phone}
        return company, tuple(
            self._columns.maybe(column, f"contact.{key}") for key, column in handles.items()
        )

    def _backfilled(self, mapping: Mapping) -> Iterator[tuple[list[int], Test, list[int]]]:
        for number, back in enumerate(mapping.backfilled, 1):
            key = f"backfilled {number}"
            yield (
                [self._columns.find(name, f"{key}.columns") for name in back.columns],
                all_of(self._columns, back.since, f"{key}.since"),
                [self._columns.find(name, f"{key}.after") for name in back.after],
            )

    def _ready(self, type: str, rule: Rule | Opening, key: str) -> Ready:
        model = model_of(type)
        when = rule.when if isinstance(rule, Rule) else ()
        fields = rule.fields.root
        filled = [value for value in columns_in(rule.fields) if not value.previous]
        return Ready(
            type=type,
            test=all_of(self._columns, when, f"{key}.when"),
            fill=self._fillers.of(rule.fields, f"{key}.fields"),
            needs=required(model),
            news=frozenset(
                name for name in fields if any(c.only_changed for c in columns_in(fields[name]))
            ),
            takes=tuple(self._columns.find(c.column, f"{key}.fields") for c in filled),
            at=self._columns.maybe(rule.at, f"{key}.at"),
            actor=self._fillers.actor(rule.actor, f"{key}.actor"),
            visibility=rule.visibility or model.VISIBILITY or "internal",
        )
