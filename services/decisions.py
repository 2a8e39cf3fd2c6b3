"""What operators decided of projections: which events are skipped, and which ones are paused.

Kept in the control store, apart from read models, so that every rebuild keeps to it.
"""

import time
from dataclasses import dataclass
from typing import Final

from services.control import Control

FRESH_SECONDS: Final = 0.5
"""How long a decision may be known here before it is read again."""


@dataclass(frozen=True, slots=True)
class Skip:
    """An event that a projection leaves out for good.

    Attributes:
        decided_at: Microseconds since 1970.
    """

    projection: str
    position: int
    reason: str
    decided_by: str
    decided_at: int


class Decisions:
    """Reads and writes what was decided; safe to share between threads."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._skipped: dict[str, frozenset[int]] = {}
        self._paused: frozenset[str] = frozenset()
        self._looked = 0.0

    def skip(self, projection: str, position: int, reason: str, who: str) -> None:
        """Leave an event out of a projection for good, here and in every rebuild."""
        now = time.time_ns() // 1000
        with self._control.lock:
            self._control.database.changed(
                "INSERT INTO skips VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (projection, position, reason, who, now),
            )
        self._looked = 0.0

    def skips(self, projection: str) -> list[Skip]:
        """List what a projection leaves out, in the store's order."""
        with self._control.lock:
            rows = self._control.database.execute(
                "SELECT projection, position, reason, decided_by, decided_at FROM skips "
                "WHERE projection = ? ORDER BY position",
                (projection,),
            )
        return [Skip(*row) for row in rows]

    def skipped(self, projection: str) -> frozenset[int]:
        """Say which positions a projection leaves out."""
        self._look()
        return self._skipped.get(projection, frozenset())

    def pause(self, projection: str, who: str) -> bool:
        """Let a projection stand still until it is resumed; say whether it went until now."""
        now = time.time_ns() // 1000
        with self._control.lock:
            done = self._control.database.changed(
                "INSERT INTO pauses VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (projection, who, now)
            )
        self._looked = 0.0
        return done > 0

    def resume(self, projection: str) -> bool:
        """Let a projection go on; say whether it was paused."""
        with self._control.lock:
            done = self._control.database.changed(
                "DELETE FROM pauses WHERE projection = ?", (projection,)
            )
        self._looked = 0.0
        return done > 0

    def is_paused(self, projection: str) -> bool:
        """Say whether a projection shall stand still."""
        self._look()
        return projection in self._paused

    def _look(self) -> None:
        with self._control.lock:
            if time.monotonic() - self._looked < FRESH_SECONDS:
                return
            database = self._control.database
            found = database.execute("SELECT projection, position FROM skips")
            self._skipped = _grouped(found)
            self._paused = frozenset(
                name for (name,) in database.execute("SELECT projection FROM pauses")
            )
            self._looked = time.monotonic()


def _grouped(rows: list[tuple[str, int]]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for projection, position in rows:
        found.setdefault(projection, set()).add(position)
    return {name: frozenset(positions) for name, positions in found.items()}
