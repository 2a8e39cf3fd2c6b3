"""What a relay keeps in the store's database: that it is the only one, and how far it came."""

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

CREATING: Final = 7238914
RELAYING: Final = 7238915
"""PostgreSQL's advisory locks: while the table is made, and while a relay is at work."""

LOOK_SECONDS: Final = 0.25
"""How often a relay that waits for another one's end looks again."""


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
        """Save that everything up to *position* is on all of the topics."""
        now = time.time_ns() // 1000
        with self.database.transaction():
            self.database.many(
                "INSERT INTO relay_mark VALUES (?, ?, ?, ?, ?) ON CONFLICT (topic) DO UPDATE SET "
                "topic_id = excluded.topic_id, partitions = excluded.partitions, "
                "position = excluded.position, moved_at = excluded.moved_at",
                [(name, *info, position, now) for name, info in topics.items()],
            )

    @contextmanager
    def held(self, stop: Event) -> Iterator[bool]:
        """Be the only relay of the store, once no other is; ``False`` if told to stop before."""
        if self.database.dialect == "sqlite":
            with _file_held(self.database.url, stop) as held:
                yield held
            return
        held = False
        while not (held or stop.is_set()):
            held = self.database.execute("SELECT pg_try_advisory_lock(?)", (RELAYING,))[0][0]
            if not held:
                stop.wait(LOOK_SECONDS)
        yield held  # the lock ends with the connection

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


@contextmanager
def _file_held(url: str, stop: Event) -> Iterator[bool]:
    path = Path(url.removeprefix("sqlite:///") + ".relay-lock")
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        held = False
        while not (held or stop.is_set()):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = True
            except BlockingIOError:
                stop.wait(LOOK_SECONDS)
        yield held
    finally:
        os.close(file)
