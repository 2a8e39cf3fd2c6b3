"""Conditions of the mapping as functions of a row, the row before it and where it stands."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from domain.values import UNASSIGNED
from services.adapters.fit import meant
from services.adapters.mapping import Condition, MappingError

Row = Sequence[str | None]


@dataclass(slots=True)
class Place:
    """Where a row stands: what its columns do not say.

    Attributes:
        ordinal: The row's number within its ticket, from 1.
        latest: The place in time of the last event said of the ticket.
    """

    ticket: str
    line: int = 0
    ordinal: int = 0
    opened: bool = False
    company: str = UNASSIGNED
    contact: str | None = None
    latest: int = -(2**63)


Test = Callable[[Row, Row, Place], bool]


class Columns:
    """The columns of a log by name, and which of them the mapping uses."""

    def __init__(self, mapping: str, header: list[str]) -> None:
        self.names = header
        self._mapping = mapping
        self._index = {name: index for index, name in enumerate(header)}
        self._used: set[str] = set()

    def find(self, name: str, key: str) -> int:
        """Say where the column *name* stands.

        Raises:
            MappingError: If the log has none; it names the *key* of the mapping.
        """
        self._used.add(name)
        if name not in self._index:
            raise MappingError(
                f"mapping {self._mapping}: {key}: the log has no column {name!r}"
                f"{meant(name, self.names)}\nits columns are: {', '.join(self.names)}"
            )
        return self._index[name]

    def maybe(self, name: str | None, key: str) -> int | None:
        """Say where a column stands that need not be given."""
        return None if name is None else self.find(name, key)

    def unused(self) -> list[str]:
        """Name the columns that nothing in the mapping mentions."""
        return [name for name in self.names if name not in self._used]


def all_of(columns: Columns, conditions: Iterable[Condition], key: str) -> Test:
    """Build the test that all conditions hold."""
    return _every([_condition(columns, condition, key) for condition in conditions])


def watched(columns: Columns, conditions: Iterable[Condition], key: str) -> list[int] | None:
    """List columns of which one has changed whenever the conditions hold; ``None`` if none need."""
    for condition in conditions:
        if _needs_change(condition):
            return [columns.find(name, f"{key}.column") for name in condition.column]
    return None


def _needs_change(condition: Condition) -> bool:
    if condition.changed or condition.increased:
        return True
    now, then = set(condition.is_ or ()), set(condition.was or ())
    return bool(
        (now and then and now.isdisjoint(then))
        or (now and condition.was_not and now <= set(condition.was_not))
        or (then and condition.not_ and then <= set(condition.not_))
    )


def _condition(columns: Columns, condition: Condition, key: str) -> Test:
    tests: list[Test] = []
    if condition.first is not None:
        first = condition.first
        tests.append(lambda _row, _before, place: place.opened is not first)
    indexes = [columns.find(name, f"{key}.column") for name in condition.column]
    of_columns = [_every(_tests(index, condition)) for index in indexes]
    if len(of_columns) > 1:
        tests.append(lambda row, before, place: any(t(row, before, place) for t in of_columns))
    return _every(tests + of_columns if len(of_columns) == 1 else tests)


def _tests(i: int, condition: Condition) -> list[Test]:
    """List what a condition asks of the column with index *i*."""
    tests: list[Test] = []
    if condition.is_ is not None:
        now = frozenset(condition.is_)
        tests.append(lambda row, _before, _place: row[i] in now)
    if condition.not_ is not None:
        never = frozenset(condition.not_)
        tests.append(lambda row, _before, _place: row[i] not in never)
    if condition.was is not None:
        then = frozenset(condition.was)
        tests.append(lambda _row, before, _place: before[i] in then)
    if condition.was_not is not None:
        not_then = frozenset(condition.was_not)
        tests.append(lambda _row, before, _place: before[i] not in not_then)
    if condition.changed is not None:
        changed = condition.changed
        tests.append(lambda row, before, _place: (row[i] != before[i]) is changed)
    if condition.present is not None:
        present = condition.present
        tests.append(lambda row, _before, _place: (row[i] is not None) is present)
    if condition.increased is not None:
        increased = condition.increased
        tests.append(lambda row, before, _place: _increased(row[i], before[i]) is increased)
    return tests


def _increased(now: str | None, then: str | None) -> bool:
    if now is None or then is None or now == then:
        return False
    try:
        return float(now) > float(then)
    except ValueError:
        return False


def _every(tests: list[Test]) -> Test:
    """Join tests; one or two, the usual, without a loop."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:  # noqa: PLR2004
        one, other = tests
        return lambda row, before, place: one(row, before, place) and other(row, before, place)
    return lambda row, before, place: all(test(row, before, place) for test in tests)
