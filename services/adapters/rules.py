"""The mapping made ready for one log: columns by their place, rules as functions of rows.

A row is the list of its values, ``None`` where one is missing.  `before` is the same ticket's
row before it; before the first one all values are missing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.events import model_of
from domain.values import Visibility, moment, rfc3339
from services.adapters.conditions import Columns, Place, Row, Test, all_of, watched
from services.adapters.filling import required
from services.adapters.ids import to_id
from services.adapters.mapping import ActorColumn, Mapping, Opening, Rule
from services.adapters.times import time_reader
from services.adapters.values import ColumnValue, This, columns_in

Filler = Callable[[Row, Row, Place], Any]


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
    """What one log's rows say, by its mapping."""

    def __init__(self, mapping: Mapping, header: list[str]) -> None:
        """Find every column that the mapping names.

        Raises:
            MappingError: If the log has no such column.
        """
        columns = Columns(mapping.name, header)
        self._mapping = mapping
        self._columns = columns
        self._missing = frozenset(("", *mapping.file.missing))
        self.unmapped: Counter[str] = Counter()
        self.read_time = time_reader(mapping.time.form, mapping.time.zone)
        self.ticket = columns.find(mapping.ticket.column, "ticket.column")
        self.time = columns.find(mapping.time.column, "time.column")
        self.activity = columns.maybe(mapping.activity, "activity")
        self.company, self.person = self._customer(mapping)
        self.actor = self._actor(mapping.actor, "actor.column")
        self.opening = self._ready("ticket.opened", mapping.opened, lambda *_: True, "opened")
        self.moved = self._ready("ticket.moved_away", Opening(), lambda *_: True, "company")
        self.updated = self._ready("ticket.updated", Opening(), lambda *_: True, "rest")
        self.rules = [
            self._ready(rule.event, rule, all_of(columns, rule.when, f"rule {n}.when"), f"rule {n}")
            for n, rule in enumerate(mapping.rules, 1)
        ]
        self._always, self._by_column = self._watch(mapping)
        self._chosen: dict[int, list[Ready]] = {}
        self.keep = {columns.find(name, "rest.keep"): name for name in mapping.rest.keep}
        for name in mapping.rest.ignore:
            columns.find(name, "rest.ignore")
        self._hidden = [
            (
                [columns.find(name, f"backfilled {n}.columns") for name in back.columns],
                all_of(columns, back.since, f"backfilled {n}.since"),
                [columns.find(name, f"backfilled {n}.after") for name in back.after],
            )
            for n, back in enumerate(mapping.backfilled, 1)
        ]
        self.unused = columns.unused()

    def row(self, fields: Sequence[str], before: Row, place: Place) -> tuple[list[str | None], int]:
        """Read a row and its time, without what was not known yet.

        Raises:
            ValueError: If its time cannot be read.
        """
        missing = self._missing
        row = [None if value in missing else value for value in fields]
        at = self.micros(row, self.time)
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
                rule for number, rule in enumerate(self.rules) if bits >> number & 1
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
            return self.read_time(text)
        except ValueError as error:
            raise ValueError(f"{self._columns.names[column]}: {text!r}: {error}") from None

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

    def _ready(self, type: str, rule: Rule | Opening, test: Test, key: str) -> Ready:
        model = model_of(type)
        return Ready(
            type=type,
            test=test,
            fill=self._filler(rule.fields, f"{key}.fields"),
            needs=required(model),
            news=frozenset(
                name
                for name, value in rule.fields.items()
                if any(column.only_changed for column in columns_in(value))
            ),
            takes=tuple(
                self._columns.find(value.column, f"{key}.fields")
                for value in columns_in(rule.fields)
                if not value.previous
            ),
            at=self._columns.maybe(rule.at, f"{key}.at"),
            actor=self._actor(rule.actor, f"{key}.actor"),
            visibility=rule.visibility or model.VISIBILITY or "internal",
        )

    def _actor(self, actor: ActorColumn | None, key: str) -> Filler | None:
        if actor is None:
            return None
        index, kind = self._columns.find(actor.column, key), actor.kind
        prefix, strip = actor.prefix, actor.strip
        if kind == "contact":
            return lambda _r, _b, place: place.contact and f"contact/{place.contact}"

        def name(row: Row, _: Row, place: Place) -> str | None:
            value = row[index]
            return None if value is None else f"{kind}/{to_id(value, prefix, strip)}"

        return name

    def _filler(self, value: Any, key: str) -> Filler:
        if isinstance(value, ColumnValue):
            return self._column(value, key)
        if isinstance(value, This):
            return _THIS[value.this]
        if isinstance(value, dict):
            parts = [(name, self._filler(item, f"{key}.{name}")) for name, item in value.items()]

            def fill(row: Row, before: Row, place: Place) -> dict[str, Any]:
                filled = [(name, part(row, before, place)) for name, part in parts]
                return {name: item for name, item in filled if item is not None}

            return fill
        if isinstance(value, tuple):
            items = [self._filler(item, key) for item in value]
            return lambda row, before, place: [item(row, before, place) for item in items]
        return lambda _row, _before, _place: value

    def _column(self, value: ColumnValue, key: str) -> Filler:
        index = self._columns.find(value.column, key)
        turn = self._turn(value)
        previous, only_changed = value.previous, value.only_changed

        def fill(row: Row, before: Row, _: Place) -> Any:
            text = before[index] if previous else row[index]
            if text is None or (only_changed and row[index] == before[index]):
                return None
            return turn(text)

        return fill

    def _turn(self, value: ColumnValue) -> Callable[[str], Any]:
        if value.table:
            return self._looked_up(value.table)
        if value.time:
            return lambda text: rfc3339(moment(self.read_time(text)))
        if value.id:
            return lambda text: to_id(text, value.prefix, value.strip)
        return lambda text: text

    def _looked_up(self, name: str) -> Callable[[str], Any]:
        table = self._mapping.tables[name]

        def turn(text: str) -> Any:
            if text not in table:
                self.unmapped[f"tables.{name} has no {text!r}"] += 1
            return table.get(text)

        return turn


_THIS: dict[str, Filler] = {
    "contact": lambda _row, _before, place: place.contact,
    "company": lambda _row, _before, place: place.company,
    "ticket": lambda _row, _before, place: place.ticket,
    "row": lambda _row, _before, place: f"{place.ticket}.{place.ordinal}",
}
