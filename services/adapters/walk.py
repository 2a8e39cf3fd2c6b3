"""One ticket's rows, from the first to the last, and what each of them says has happened."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import compress
from operator import ne
from typing import Any, Final, NamedTuple

import orjson
from pydantic import ValidationError

from domain.events import Event, model_of
from domain.values import UNASSIGNED, Visibility
from services.adapters.conditions import Place, Row
from services.adapters.lines import Lines
from services.adapters.mapping import Mapping
from services.adapters.people import People
from services.adapters.rejects import Rejects
from services.adapters.rules import Ready, Rules
from services.wire import explain

LONGEST: Final = 200
"""Characters of a kept value; a longer one is cut, which is counted."""


class Draft(NamedTuple):
    """An event on its way to its place in time.

    Attributes:
        time: Its place: when it happened, but never before what its ticket says before it.
        nth: Its number among the events of its row, from 0.
    """

    time: int
    line: int
    nth: int
    type: str
    stream: str
    at: int
    data: bytes
    actor: str
    visibility: Visibility
    external: str
    activity: str | None
    company: str
    contact: str | None


@lru_cache(maxsize=4_096)
def built(type: str, data: bytes) -> Event:
    """Build an event; logs say the same again and again, and then it is the same event."""
    return model_of(type).model_validate_json(data)


class Walk:
    """Walks tickets; rows that say something impossible go to the rejects.

    Attributes:
        copies: Rows that are exact copies of an earlier row of their ticket; they stay.
        backwards: Rows whose time is before that of the row before; file order stays.
        cut: Values too long to be kept whole.
    """

    def __init__(
        self, mapping: Mapping, rules: Rules, people: People, lines: Lines, rejects: Rejects
    ) -> None:
        self._rules = rules
        self._people = people
        self._lines = lines
        self._rejects = rejects
        self._system = f"system/{mapping.name}"
        self._columns = range(len(lines.header))
        self.rows = self.tickets = self.copies = self.backwards = self.cut = 0

    def ticket(self, id: str, rows: Iterable[tuple[int, str]]) -> Iterator[Draft]:
        """Yield what the rows (line number, text) of one ticket say, in file order."""
        place = Place(id)
        before: Row = [None] * len(self._columns)
        seen: set[str] = set()
        previous = place.latest
        for line, text in rows:
            place.line = line
            place.ordinal += 1
            known = place.opened, place.company, place.contact, place.latest
            try:
                row, at = self._rules.row(self._lines.parse(text), before, place)
                drafts = self._row(row, before, place, at)
            except ValueError as error:
                place.opened, place.company, place.contact, place.latest = known
                why = explain(error) if isinstance(error, ValidationError) else str(error)
                self._rejects.add(why, line=line, raw=text)
                continue
            self._people.seen(place.company, place.contact)
            self._count(copy=text in seen, backwards=at < previous)
            seen.add(text)
            before, previous = row, at
            yield from drafts
        self.tickets += place.opened

    def _row(self, row: Row, before: Row, place: Place, at: int) -> list[Draft]:
        """Draft what a row says; the first event carries the source's own word for it."""
        rules = self._rules
        usual = rules.actor and rules.actor(row, before, place)
        activity = None if rules.activity is None else row[rules.activity]
        external = f"{place.ticket}:{place.ordinal}"
        drafts: list[Draft] = []
        for nth, (ready, fields) in enumerate(self._told(row, before, place)):
            own = None if ready.at is None else rules.happened(row, ready.at)
            happened = at if own is None else own
            place.latest = max(place.latest, happened)
            who = ready.actor(row, before, place) if ready.actor else usual
            data = orjson.dumps(fields)
            built(ready.type, data)  # refuses what the event refuses, while the row is known
            drafts.append(Draft(
                place.latest, place.line, nth, ready.type, _stream(ready.type, place), happened,
                data, who or self._system,
                ready.visibility, f"{external}.{nth}" if nth else external,
                None if nth else activity, place.company, place.contact,
            ))  # fmt: skip
        return drafts

    def _told(self, row: Row, before: Row, place: Place) -> Iterator[tuple[Ready, dict[str, Any]]]:
        """Yield what happened: opened or moved, what the rules see, and the rest."""
        rules = self._rules
        taken: set[int] = set()
        company = self._people.company(row)
        place.contact = self._people.contact(row) or place.contact
        if rules.company is not None:
            taken.add(rules.company)
        silent = False
        if not place.opened:
            place.company = company or UNASSIGNED
            taken.update(rules.opening.takes)
            silent = rules.opening.at is not None and row[rules.opening.at] != row[rules.time]
            yield rules.opening, self._opening(row, before, place)
        elif company is not None and company != place.company:
            place.company = company
            yield rules.moved, {"to_company": company}
        else:
            silent = True
        changed = list(compress(self._columns, map(ne, row, before)))
        for ready in rules.concerned(changed):
            if (fields := ready.says(row, before, place)) is not None:
                taken.update(ready.takes)
                silent = False
                yield ready, fields
        changes = self._kept(row, before, changed, taken)
        if changes or silent:
            yield rules.updated, self._rest(row, changes, silent=silent)
        place.opened = True

    def _opening(self, row: Row, before: Row, place: Place) -> dict[str, Any]:
        fields = {"number": row[self._rules.ticket]}
        if place.contact:
            fields["requester_id"] = place.contact
        return {**fields, **self._rules.opening.fill(row, before, place)}

    def _rest(self, row: Row, changes: list[dict[str, str]], *, silent: bool) -> dict[str, Any]:
        """Say what the source saved; by its own word where no event has one."""
        activity = None if self._rules.activity is None else row[self._rules.activity]
        return {"changes": changes, **({"activity": activity} if silent and activity else {})}

    def _kept(
        self, row: Row, before: Row, changed: list[int], taken: set[int]
    ) -> list[dict[str, str]]:
        """List the changes worth keeping that no event of the row carries."""
        changes = []
        for index in changed:
            if index in self._rules.keep and (index not in taken or row[index] is None):
                change = {"field": self._rules.keep[index]}
                for which, value in (("old", before[index]), ("new", row[index])):
                    if value is not None:
                        self.cut += len(value) > LONGEST
                        change[which] = value[:LONGEST]
                changes.append(change)
        return changes

    def _count(self, *, copy: bool, backwards: bool) -> None:
        self.rows += 1
        self.copies += copy
        self.backwards += backwards


def _stream(type: str, place: Place) -> str:
    if type.startswith("ticket."):
        return f"ticket/{place.ticket}"
    if type.startswith("company."):
        return f"company/{place.company}"
    return f"interaction/{place.ticket}.{place.ordinal}"
