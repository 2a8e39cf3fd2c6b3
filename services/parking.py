"""Parked events: what a projection cannot fold waits, and all later events of its sequence.

The others go on.  The first parked event of a sequence carries the reason; those behind it wait
for it.  They are folded in their order once the cause is mended (`retry`), or once the first
one is left out by an operator's decision (`skip`).
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from projections.projection import View
from services.readmodel import ReadModels
from services.store import Row

FULL: Final = 10_000
"""Parked events of one projection at which it stops instead: that is no single poison."""

REASON: Final = 1_000
"""Characters of a reason that are kept."""


class ParkingFull(Exception):
    """So many events cannot be folded that something else must be wrong."""


@dataclass(frozen=True, slots=True)
class Parked:
    """One event that waits.

    Attributes:
        sequence: The stream or the company that waits with it.
        reason: Why it cannot be folded; empty if it only waits for an earlier one.
        attempts: How often it was tried.
        parked_at: Microseconds since 1970.
    """

    sequence: str
    position: int
    stream_id: str
    type: str
    reason: str
    attempts: int
    parked_at: int


class Parking:
    """The parked events of a read-model database; each call inside a transaction but `all`."""

    def __init__(self, models: ReadModels) -> None:
        self._models = models

    def enter(self, view: View) -> set[str]:
        """Say which sequences wait; nobody retries them until the transaction ends.

        Any number of projectors may be in here at once, but none beside a retry.
        """
        if self._models.database.dialect == "postgresql":
            self._lock(view, "pg_advisory_xact_lock_shared")
        rows = self._models.database.execute(
            "SELECT DISTINCT sequence FROM parked WHERE name = ? AND generation = ?", _key(view)
        )
        return {sequence for (sequence,) in rows}

    def alone(self, view: View) -> None:
        """Keep projectors out until the transaction ends."""
        if self._models.database.dialect == "postgresql":
            self._lock(view, "pg_advisory_xact_lock")

    def park(self, view: View, rows: Iterable[Row], reason: str = "") -> None:
        """Let events wait.

        Raises:
            ParkingFull: If too many do.
        """
        now = time.time_ns() // 1000
        name, generation = _key(view)
        self._models.database.many(
            "INSERT INTO parked (name, generation, sequence, position, stream_id, type, reason, "
            "attempts, parked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                (
                    name, generation, view.projection.sequence(row.stream_id, row.company_id),
                    row.position, row.stream_id, row.type, reason[:REASON], int(bool(reason)), now,
                )
                for row in rows
            ],
        )  # fmt: skip
        if self.count(view) > FULL:
            raise ParkingFull(
                f"{view.projection.name} has more than {FULL:,} parked events; see why by "
                f"longcase projections parked {view.projection.name}"
            )

    def count(self, view: View) -> int:
        """Count the events that wait."""
        rows = self._models.database.execute(
            "SELECT count(*) FROM parked WHERE name = ? AND generation = ?", _key(view)
        )
        return int(rows[0][0])

    def all(self, view: View, sequence: str | None = None, limit: int = FULL) -> list[Parked]:
        """List what waits, in the store's order."""
        condition, parameters = "", _key(view)
        if sequence is not None:
            condition, parameters = "AND sequence = ? ", (*parameters, sequence)
        rows = self._models.database.execute(
            "SELECT sequence, position, stream_id, type, reason, attempts, parked_at FROM parked "
            f"WHERE name = ? AND generation = ? {condition}ORDER BY position LIMIT ?",
            (*parameters, limit),
        )
        return [Parked(*row) for row in rows]

    def holds(self, view: View, position: int) -> bool:
        """Say whether an event waits."""
        rows = self._models.database.execute(
            "SELECT 1 FROM parked WHERE name = ? AND generation = ? AND position = ?",
            (*_key(view), position),
        )
        return bool(rows)

    def release(self, view: View, position: int) -> None:
        """Let an event wait no more."""
        self._models.database.execute(
            "DELETE FROM parked WHERE name = ? AND generation = ? AND position = ?",
            (*_key(view), position),
        )

    def failed(self, view: View, position: int, reason: str) -> None:
        """Note that an event was tried again in vain."""
        self._models.database.execute(
            "UPDATE parked SET reason = ?, attempts = attempts + 1 "
            "WHERE name = ? AND generation = ? AND position = ?",
            (reason[:REASON], *_key(view), position),
        )

    def _lock(self, view: View, function: str) -> None:
        name, generation = _key(view)
        self._models.database.execute(
            f"SELECT {function}(hashtextextended(?, 0))", (f"parked {name} {generation}",)
        )


def _key(view: View) -> Sequence[str | int]:
    return (view.projection.name, view.generation)
