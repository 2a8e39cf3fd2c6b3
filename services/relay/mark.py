"""What a relay keeps in the store's database: that it is the only one, and how far it came.

For each topic it says which incarnation is the right one: whoever reads from another is told.
"""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Final, NamedTuple

from projections.database import Database
from services.bus import TopicInfo

SCHEMA: Final = """CREATE TABLE IF NOT EXISTS relay_mark (
    topic TEXT PRIMARY KEY,
    topic_id TEXT NOT NULL,
    partitions INTEGER NOT NULL,
    position BIGINT NOT NULL,
    moved_at BIGINT NOT NULL)"""

MOVE: Final = """INSERT INTO relay_mark VALUES (?, ?, ?, ?, ?) ON CONFLICT (topic) DO UPDATE SET
    position = excluded.position, moved_at = excluded.moved_at
    WHERE relay_mark.position < excluded.position"""

HOLDER: Final = """SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = ?
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""

CREATING: Final = 7238914
RELAYING: Final = 7238915
"""PostgreSQL's advisory locks: while the table is made, and while a relay is at work."""

LOOK_SECONDS: Final = 0.25
"""How often a relay that waits for another one's end looks again."""

APPLICATION: Final = "longcase relay "
"""With the instance, how the holder's connection is called in PostgreSQL."""


class Saved(NamedTuple):
    """What was last saved of one topic."""

    topic: TopicInfo
    position: int


class RelayMark:
    """One connection to the store's database; for one thread."""

    def __init__(self, store: str) -> None:
        """Connect, and make the table if it is not there."""
        self.database = Database(store)
        with self.database.transaction():
            if self.database.dialect == "postgresql":
                self.database.execute("SELECT pg_advisory_xact_lock(?)", (CREATING,))
            self.database.execute(SCHEMA)
        if self.database.dialect == "postgresql":
            # A mark that a crash sets back is found again from the tails.
            self.database.execute("SET synchronous_commit = off")

    def saved(self) -> dict[str, Saved]:
        """Read what was saved, by topic."""
        return saved_marks(self.database)

    def save(self, topics: Mapping[str, TopicInfo], position: int) -> None:
        """Save that everything up to *position* is on all of the topics.

        A topic that was further already stays there: another one is being filled.
        """
        now = time.time_ns() // 1000
        with self.database.transaction():
            self.database.many(
                MOVE, [(name, *info, position, now) for name, info in topics.items()]
            )

    def accept(self, topics: Mapping[str, TopicInfo]) -> None:
        """Take topics that were made anew as the right ones, with nothing on them yet."""
        now = time.time_ns() // 1000
        with self.database.transaction():
            for name in topics:
                self.database.execute("DELETE FROM relay_mark WHERE topic = ?", (name,))
            self.database.many(MOVE, [(name, *info, 0, now) for name, info in topics.items()])

    @contextmanager
    def held(
        self, stop: Event, instance: str = "", patience: float = float("inf")
    ) -> Iterator[bool]:
        """Be the only relay of the store, once no other is; ``False`` if that does not come.

        Args:
            stop: Ends the wait.
            instance: Who holds the lock, for whoever asks.
            patience: Seconds until the wait ends by itself.
        """
        until = time.monotonic() + patience
        with _lock(self.database) as lock:
            held = lock.taken(instance)
            while not (held or stop.is_set() or time.monotonic() > until):
                stop.wait(LOOK_SECONDS)
                held = lock.taken(instance)
            yield held

    def assert_held(self) -> None:
        """Fail if the connection is gone, and the lock with it."""
        if self.database.dialect == "postgresql":
            self.database.execute("SELECT 1")

    def close(self) -> None:
        """Close the connection, and let go of the lock."""
        self.database.close()


def saved_marks(store: Database) -> dict[str, Saved]:
    """Read what the relay saved, by topic."""
    return {
        name: Saved(TopicInfo(topic_id, partitions), position)
        for name, topic_id, partitions, position in store.execute(
            "SELECT topic, topic_id, partitions, position FROM relay_mark"
        )
    }


def low_mark(store: Database) -> int:
    """Say the position up to which everything is on the bus; 0 if nothing is."""
    return min((saved.position for saved in saved_marks(store).values()), default=0)


def holder(store: Database) -> str | None:
    """Say which relay holds the lock, at work or stopped in the middle; ``None`` if none does."""
    with _lock(store) as lock:
        return lock.holder()


@contextmanager
def _lock(database: Database) -> "Iterator[_FileLock | _ServerLock]":
    if database.dialect == "postgresql":
        yield _ServerLock(database)  # it ends with the connection
        return
    path = Path(database.url.removeprefix("sqlite:///") + ".relay-lock")
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield _FileLock(file)
    finally:
        os.close(file)


class _ServerLock:
    """An advisory lock of the connection's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def taken(self, instance: str) -> bool:
        ours = self._database.execute("SELECT pg_try_advisory_lock(?)", (RELAYING,))[0][0]
        if ours:
            name = (APPLICATION + instance)[:63]  # PostgreSQL cuts it there
            self._database.execute("SELECT set_config('application_name', ?, false)", (name,))
        return bool(ours)

    def holder(self) -> str | None:
        rows = self._database.execute(HOLDER, (RELAYING,))
        return rows[0][0].removeprefix(APPLICATION) or "unknown" if rows else None


class _FileLock:
    """A lock on a file beside the store; it ends with its process, however that ends."""

    def __init__(self, file: int) -> None:
        self._file = file

    def taken(self, instance: str) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, instance.encode(), 0)
        return True

    def holder(self) -> str | None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(self._file, 1_000, 0).decode(errors="replace") or "unknown"
        return None
