"""What a relay keeps in the store's database: that it is the only one, and how far it came.

For each topic it says which incarnation is the right one: whoever reads from another is told.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import Final, NamedTuple

from projections.database import Database
from services.alone import Alone
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

CREATING: Final = 7238914
"""PostgreSQL's advisory lock while the table is made."""

RELAYING: Final = Alone("relay", 7238915)
"""Held while a relay is at work."""


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
        with RELAYING.held(self.database, stop, instance, patience) as held:
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
    return RELAYING.holder(store)
