"""What fills the fields of events, as functions of a row, the row before it and where it stands."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from domain.values import moment, rfc3339
from services.adapters.conditions import Columns, Place, Row
from services.adapters.ids import to_id
from services.adapters.mapping import ActorColumn, Mapping
from services.adapters.times import TimeReader
from services.adapters.values import ColumnValue, Items, Parts, This, Value

Filler = Callable[[Row, Row, Place], Any]
"""Says the value of a field, ``None`` if it is left out."""

THIS: Final[dict[str, Filler]] = {
    "contact": lambda _row, _before, place: place.contact,
    "company": lambda _row, _before, place: place.company,
    "ticket": lambda _row, _before, place: place.ticket,
    "row": lambda _row, _before, place: f"{place.ticket}.{place.ordinal}",
}


class Fillers:
    """Makes fillers for the columns of one log.

    Attributes:
        unmapped: Values that a table lacks, and how often they were met.
    """

    def __init__(self, columns: Columns, mapping: Mapping, read_time: TimeReader) -> None:
        self._columns = columns
        self._tables = mapping.tables
        self._read_time = read_time
        self.unmapped: Counter[str] = Counter()

    def of(self, value: Value, key: str) -> Filler:
        """Make the filler of what the mapping says under *key*."""
        match value:
            case ColumnValue():
                return self._column(value, key)
            case This(this=which):
                return THIS[which]
            case Parts(root=parts):
                return self._parts(parts, key)
            case Items(root=items):
                fillers = [self.of(item, key) for item in items]
                return lambda row, before, place: [fill(row, before, place) for fill in fillers]
            case _:
                return lambda _row, _before, _place: value

    def actor(self, actor: ActorColumn | None, key: str) -> Filler | None:
        """Make the filler of who did it, if the mapping says so."""
        if actor is None:
            return None
        index = self._columns.find(actor.column, f"{key}.column")
        kind, prefix, strip = actor.kind, actor.prefix, actor.strip
        if kind == "contact":
            return lambda _row, _before, place: place.contact and f"contact/{place.contact}"

        def fill(row: Row, _: Row, __: Place) -> str | None:
            value = row[index]
            return None if value is None else f"{kind}/{to_id(value, prefix, strip)}"

        return fill

    def _parts(self, parts: dict[str, Value], key: str) -> Filler:
        fillers = [(name, self.of(item, f"{key}.{name}")) for name, item in parts.items()]

        def fill(row: Row, before: Row, place: Place) -> dict[str, Any]:
            filled = [(name, filler(row, before, place)) for name, filler in fillers]
            return {name: value for name, value in filled if value is not None}

        return fill

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
            return lambda text: rfc3339(moment(self._read_time(text)))
        if value.id:
            return lambda text: to_id(text, value.prefix, value.strip)
        return lambda text: text

    def _looked_up(self, name: str) -> Callable[[str], Any]:
        table = self._tables[name]

        def turn(text: str) -> Any:
            if text not in table:
                self.unmapped[f"tables.{name} has no {text!r}"] += 1
            return table.get(text)

        return turn
