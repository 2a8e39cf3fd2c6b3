"""What the watchers keep in the store's database: how far each looked, and that one process does.

Beside the events, so that a store that is set back takes its watchers back with it: what is
recorded again after a restore is looked at again.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import Final

from projections.database import Database
from services.alone import Alone

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS watcher_marks (
    watcher TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    moved_at BIGINT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS watcher_failures (
    watcher TEXT NOT NULL,
    position BIGINT NOT NULL,
    reason TEXT NOT NULL,
    failed_at BIGINT NOT NULL,
    PRIMARY KEY (watcher, position))""",
)

BEGIN: Final = "INSERT INTO watcher_marks VALUES (?, ?, ?) ON CONFLICT (watcher) DO NOTHING"
SET_BACK: Final = "UPDATE watcher_marks SET position = ?, moved_at = ? WHERE position > ?"
MOVE: Final = (
    "UPDATE watcher_marks SET position = ?, moved_at = ? WHERE watcher = ? AND position < ?"
)
FAILED: Final = "INSERT INTO watcher_failures VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"

CREATING: Final = 7238919
"""PostgreSQL's advisory lock while the tables are made."""

WATCHING: Final = Alone("watcher", 7238920)
"""Held while watchers are at work."""


class WatcherMark:
    """One connection to the store's database; for one thread."""

    def __init__(self, store: str) -> None:
        """Connect, and make the tables if they are not there."""
        self.database = Database(store)
        with self.database.transaction():
            if self.database.dialect == "postgresql":
                self.database.execute("SELECT pg_advisory_xact_lock(?)", (CREATING,))
            for statement in SCHEMA:
                self.database.execute(statement)
        if self.database.dialect == "postgresql":
            # A mark that a crash sets back makes some events looked at again, nothing else.
            self.database.execute("SET synchronous_commit = off")

    def begin(self, watchers: Iterable[str], head: int) -> dict[str, int]:
        """Read how far each watcher looked; one that never did begins at the head.

        A mark beyond the head is of a history that is gone, and goes back to it.
        """
        now = time.time_ns() // 1000
        with self.database.transaction():
            self.database.many(BEGIN, [(name, head, now) for name in watchers])
            self.database.execute(SET_BACK, (head, now, head))
        return self.saved()

    def saved(self) -> dict[str, int]:
        """Read how far each watcher looked."""
        return dict(self.database.execute("SELECT watcher, position FROM watcher_marks"))

    def save(self, marks: Mapping[str, int]) -> None:
        """Save how far watchers looked; none goes back."""
        now = time.time_ns() // 1000
        with self.database.transaction():
            self.database.many(MOVE, [(at, now, name, at) for name, at in marks.items()])

    def failed(self, watcher: str, position: int, reason: str) -> None:
        """Keep that a watcher could not look at an event, and why."""
        now = time.time_ns() // 1000
        self.database.execute(FAILED, (watcher, position, reason, now))

    def failures(self) -> list[tuple[str, int, str]]:
        """List what could not be looked at, (watcher, position, reason), the newest first."""
        rows = self.database.execute(
            "SELECT watcher, position, reason FROM watcher_failures ORDER BY position DESC"
        )
        return [(watcher, position, reason) for watcher, position, reason in rows]

    @contextmanager
    def held(
        self, stop: Event, instance: str = "", patience: float = float("inf")
    ) -> Iterator[bool]:
        """Be the only one that watches, once no other does; ``False`` if that does not come."""
        with WATCHING.held(self.database, stop, instance, patience) as held:
            yield held

    def assert_held(self) -> None:
        """Fail if the connection is gone, and the lock with it."""
        if self.database.dialect == "postgresql":
            self.database.execute("SELECT 1")

    def close(self) -> None:
        """Close the connection, and let go of the lock."""
        self.database.close()
