"""The gap check: by its sequence, each event proves that none before it is missing.

Events of a company are numbered without holes, and those without a company within their
stream.  The last number folded of each is kept beside the read model and moves in the same
transaction.  What the bus lost is read from the store and folded first.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from projections.projection import View
from services.readmodel import ReadModels
from services.store import Log, Row

CHUNK: Final = 500
"""Sequences looked up by one statement."""

KEPT: Final = 100_000
"""Sequences kept in memory before all are forgotten."""

logger = structlog.get_logger()


class Lost(Exception):
    """Events are neither on the bus nor in the store."""


def key_of(row: Row) -> str:
    """Name an event's sequence: its company, or its stream if it has none."""
    return row.company_id or row.stream_id


def number_of(row: Row) -> int:
    """Say an event's place in its sequence."""
    return row.stream_version if row.company_seq is None else row.company_seq


class Sequences:
    """What one member of a projection's group has folded of each sequence.

    What is kept in memory holds as long as the member's marks do, which only it moves.
    """

    def __init__(self, models: ReadModels, log: Log) -> None:
        self._models = models
        self._log = log
        self._last: dict[str, int] = {}
        self._base = 0

    def forget(self, base: int) -> None:
        """Begin anew: another may have folded meanwhile.

        Args:
            base: The position up to which the read model was built from the store.
        """
        self._last.clear()
        self._base = base

    def complete(self, view: View, rows: Sequence[Row]) -> list[list[Row]]:
        """Say, for each row, what is to be folded in its place: missing ones, then itself.

        Nothing, if it was folded before.

        Raises:
            Lost: If what is missing is not in the store either.
        """
        self._load(view, rows)
        seen: dict[str, int] = {}
        completed: list[list[Row]] = []
        for row in rows:
            key, number = key_of(row), number_of(row)
            last = seen.get(key)
            if last is None:
                last = self._known(row)
            seen[key] = max(last, number)
            if number <= last:
                completed.append([])
            elif number == last + 1:
                completed.append([row])
            else:
                completed.append([*self._missing(row, last), row])
        self._say_repaired(view, completed)
        return completed

    def save(self, view: View, rows: Iterable[Row]) -> None:
        """Write how far *rows* bring their sequences; inside the transaction of the rows."""
        moved = {key_of(row): number_of(row) for row in rows}
        self._models.database.many(
            "INSERT INTO sequences VALUES (?, ?, ?, ?) "
            "ON CONFLICT (name, generation, key) DO UPDATE SET number = excluded.number",
            [(view.projection.name, view.generation, *item) for item in sorted(moved.items())],
        )

    def keep(self, rows: Iterable[Row]) -> None:
        """Remember how far *rows*, which are committed, bring their sequences."""
        if len(self._last) > KEPT:
            self._last.clear()
        self._last.update((key_of(row), number_of(row)) for row in rows)

    def _load(self, view: View, rows: Iterable[Row]) -> None:
        keys = list({key_of(row): None for row in rows if key_of(row) not in self._last})
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            self._last.update(
                self._models.database.execute(
                    "SELECT key, number FROM sequences WHERE name = ? AND generation = ? "
                    f"AND key IN ({','.join('?' * len(chunk))})",
                    (view.projection.name, view.generation, *chunk),
                )
            )

    def _known(self, row: Row) -> int:
        key = key_of(row)
        if key not in self._last:
            self._last[key] = self._at_base(row)
        return self._last[key]

    def _at_base(self, row: Row) -> int:
        """Say how far a sequence was folded from the store, before the bus was followed."""
        if self._base == 0:
            return 0
        if row.company_seq is None:
            rows = self._log.of_stream(row.stream_id, self._base)
            return rows[-1].stream_version if rows else 0
        last = 0
        for earlier in self._log.of_company(key_of(row), max(0, row.company_seq - 2), 1):
            if earlier.position <= self._base:
                return row.company_seq - 1
        while page := self._log.of_company(key_of(row), last):
            folded = [r.company_seq for r in page if r.position <= self._base and r.company_seq]
            last = max(folded, default=last)
            if len(folded) < len(page):
                break
        return last

    def _missing(self, row: Row, last: int) -> list[Row]:
        """Read from the store what lies between *last* and *row*."""
        key, number = key_of(row), number_of(row)
        if row.company_seq is None:
            rows = [r for r in self._log.of_stream(row.stream_id) if last < number_of(r) < number]
        else:
            rows = self._log.of_company(key, last, number - 1 - last)
        if [number_of(r) for r in rows] != list(range(last + 1, number)):
            raise Lost(f"{key} has no {last + 1} to {number - 1}, on the bus or in the store")
        return rows

    def _say_repaired(self, view: View, completed: Iterable[list[Row]]) -> None:
        """Say once for a page how much of it the bus had lost."""
        repaired = [folded[0] for folded in completed if len(folded) > 1]
        if repaired:
            logger.warning(
                "repaired from the store",
                projection=view.projection.name,
                gaps=len(repaired),
                sequence=key_of(repaired[0]),
                first=number_of(repaired[0]),
            )
