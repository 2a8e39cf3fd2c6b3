"""How far the inbox came: a row for each partition, in the store's database.

A row moves only from where its reader found it.  A process that lost its partitions and does
not know it yet is refused there.
"""

import time
from typing import Final, NamedTuple

from projections.database import Database

SCHEMA: Final = """CREATE TABLE IF NOT EXISTS inbox_mark (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    topic_id TEXT NOT NULL,
    next_offset BIGINT NOT NULL,
    rejects_end BIGINT NOT NULL,
    moved_at BIGINT NOT NULL,
    PRIMARY KEY (topic, partition))"""

CREATING: Final = 7238918
"""PostgreSQL's advisory lock while the table is made."""


class Mark(NamedTuple):
    """Where one partition stands.

    Attributes:
        topic_id: Which incarnation of the topic it is.
        next_offset: The first record that is not done with.
        rejects_end: Where the rejects ended, or earlier, when the mark moved: what was rejected
            of later records stands behind it.
    """

    topic_id: str
    next_offset: int
    rejects_end: int


class InboxMark:
    """The marks of one topic; one connection, for one thread."""

    def __init__(self, store: str, topic: str) -> None:
        """Connect, and make the table if it is not there."""
        self._topic = topic
        self._database = Database(store)
        with self._database.transaction():
            if self._database.dialect == "postgresql":
                self._database.execute("SELECT pg_advisory_xact_lock(?)", (CREATING,))
            self._database.execute(SCHEMA)
        if self._database.dialect == "postgresql":
            # A mark that a crash sets back costs repeats, which the desk drops.
            self._database.execute("SET synchronous_commit = off")

    def all(self) -> dict[int, Mark]:
        """Read where each partition stands."""
        rows = self._database.execute(
            "SELECT partition, topic_id, next_offset, rejects_end FROM inbox_mark WHERE topic = ?",
            (self._topic,),
        )
        return {part: Mark(*mark) for part, *mark in rows}

    def is_at(self, part: int, mark: Mark) -> bool:
        """Say whether a partition still stands where it was found."""
        found = self.all().get(part)
        return found is not None and found[:2] == mark[:2]

    def move(self, part: int, old: Mark | None, new: Mark) -> bool:
        """Move a mark from where it was found; say no if somebody else moved it meanwhile."""
        now = time.time_ns() // 1000
        if old is None:
            moved = self._database.changed(
                "INSERT INTO inbox_mark (topic_id, next_offset, rejects_end, moved_at, topic, "
                "partition) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*new, now, self._topic, part),
            )
        else:
            moved = self._database.changed(
                "UPDATE inbox_mark SET topic_id = ?, next_offset = ?, rejects_end = ?, "
                "moved_at = ? WHERE topic = ? AND partition = ? AND topic_id = ? "
                "AND next_offset = ?",
                (*new, now, self._topic, part, *old[:2]),
            )
        return moved == 1

    def close(self) -> None:
        """Close the connection."""
        self._database.close()
