"""The read-model database: which generation of each projection is live, and where it stands.

Rows and position change in one transaction, and the position only from what it was: that
alone keeps two owners of one projection from writing twice.
"""

import threading
import time
from dataclasses import dataclass
from typing import Final

from projections.database import Database
from projections.projection import History, Projection, View
from services import heartbeat
from services.failpoints import failpoint

EMBEDDED: Final = -1
"""The partition number of the store's own log."""

SCHEMA: Final = (
    heartbeat.SCHEMA,
    """CREATE TABLE IF NOT EXISTS generations (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (name, generation))""",
    """CREATE TABLE IF NOT EXISTS positions (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    part INTEGER NOT NULL,
    position BIGINT NOT NULL,
    next_offset BIGINT NOT NULL,
    topic_id TEXT NOT NULL,
    moved_at BIGINT NOT NULL,
    PRIMARY KEY (name, generation, part))""",
    """CREATE TABLE IF NOT EXISTS sequences (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    key TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (name, generation, key))""",
    """CREATE TABLE IF NOT EXISTS parked (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    position BIGINT NOT NULL,
    sequence TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    type TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    parked_at BIGINT NOT NULL,
    PRIMARY KEY (name, generation, position))""",
    """CREATE TABLE IF NOT EXISTS strays (
    name TEXT NOT NULL,
    topic TEXT NOT NULL,
    topic_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    record_offset BIGINT NOT NULL,
    reason TEXT NOT NULL,
    found_at BIGINT NOT NULL,
    PRIMARY KEY (name, topic_id, part, record_offset))""",
)


class Fenced(Exception):
    """Another process moved the position; read it again."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a projection has read one part of its feed.

    Attributes:
        position: The last event folded, in the store's order.
        next_offset: The next Kafka offset to read; 0 on the store's own log.
        topic_id: Of the topic the offset belongs to; empty on the store's own log.
    """

    position: int = 0
    next_offset: int = 0
    topic_id: str = ""


class ReadModels:
    """Connections to the read-model database, one for each thread."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._local = threading.local()
        self._ready = False
        self._lock = threading.Lock()

    @property
    def database(self) -> Database:
        """This thread's connection."""
        if not hasattr(self._local, "database"):
            database = Database(self.url)
            self._prepare(database)
            self._local.database = database
        found: Database = self._local.database
        return found

    def close(self) -> None:
        """Close this thread's connection."""
        if hasattr(self._local, "database"):
            self._local.database.close()
            del self._local.database

    def view(self, projection: Projection, history: History | None = None) -> View:
        """Look at the live generation of a projection, created empty if there is none."""
        generation = self.live(projection)
        if generation is None:
            generation = self._create_first(projection)
        return projection.view(self.database, generation, history)

    def live(self, projection: Projection) -> int | None:
        """Say which generation is read."""
        rows = self.database.execute(
            "SELECT generation FROM generations WHERE name = ? AND status = 'live'",
            (projection.name,),
        )
        return int(rows[0][0]) if rows else None

    def version(self, projection: Projection) -> int | None:
        """Say which version of the projection wrote the live generation."""
        rows = self.database.execute(
            "SELECT version FROM generations WHERE name = ? AND status = 'live'",
            (projection.name,),
        )
        return int(rows[0][0]) if rows else None

    def version_of(self, view: View) -> int:
        """Say which version of the projection wrote a generation."""
        rows = self.database.execute(
            "SELECT version FROM generations WHERE name = ? AND generation = ?",
            (view.projection.name, view.generation),
        )
        return int(rows[0][0])

    def marks(self, view: View) -> dict[int, Mark]:
        """Read how far each part of the feed was folded."""
        return {
            part: Mark(position, offset, topic)
            for part, position, offset, topic in self.database.execute(
                "SELECT part, position, next_offset, topic_id FROM positions "
                "WHERE name = ? AND generation = ?",
                (view.projection.name, view.generation),
            )
        }

    def moved_at(self, view: View) -> int:
        """Say when the projection last moved, microseconds since 1970; 0 if never."""
        rows = self.database.execute(
            "SELECT coalesce(max(moved_at), 0) FROM positions WHERE name = ? AND generation = ?",
            (view.projection.name, view.generation),
        )
        return int(rows[0][0])

    def advance(self, view: View, part: int, old: Mark | None, new: Mark) -> None:
        """Move a position on, if nobody else did; inside the transaction of the rows.

        Raises:
            Fenced: If the position is not where *old* says.
        """
        key = (view.projection.name, view.generation, part)
        now = time.time_ns() // 1000
        if old is None:
            done = self.database.changed(
                "INSERT INTO positions (name, generation, part, position, next_offset, topic_id, "
                "moved_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*key, new.position, new.next_offset, new.topic_id, now),
            )
        else:
            done = self.database.changed(
                "UPDATE positions SET position = ?, next_offset = ?, topic_id = ?, moved_at = ? "
                "WHERE name = ? AND generation = ? AND part = ? "
                "AND position = ? AND next_offset = ? AND topic_id = ?",
                (
                    new.position, new.next_offset, new.topic_id, now, *key,
                    old.position, old.next_offset, old.topic_id,
                ),
            )  # fmt: skip
        if done != 1:
            raise Fenced(f"{view.projection.name}: somebody else moved part {part}")

    def begin(self, projection: Projection) -> View:
        """Create an empty generation beside the live one, to be built."""
        with self.database.transaction():
            view = projection.view(self.database, self._next(projection))
            view.create()
            self._enter(view, "building")
        return view

    def generations(self, projection: Projection, status: str) -> list[int]:
        """List the generations of a projection that are *status*, the oldest first.

        Args:
            status: ``building``, ``built`` (and held), ``live`` or ``old``.
        """
        rows = self.database.execute(
            "SELECT generation FROM generations WHERE name = ? AND status = ? ORDER BY generation",
            (projection.name, status),
        )
        return [generation for (generation,) in rows]

    def keep(self, view: View) -> None:
        """Hold a built generation beside the live one."""
        self.database.execute(
            "UPDATE generations SET status = 'built' WHERE name = ? AND generation = ?",
            (view.projection.name, view.generation),
        )

    def swap(self, view: View) -> None:
        """Make another generation the live one, in one transaction.

        The one that was live stays as *old* until the next swap: who had begun to read it
        reads on.
        """
        name = view.projection.name
        with self.database.transaction():
            for generation in self.generations(view.projection, "old"):
                if generation != view.generation:
                    self.discard(view.projection.view(self.database, generation))
            self.database.execute(
                "UPDATE generations SET status = 'old' WHERE name = ? AND status = 'live'", (name,)
            )
            self.database.execute(
                "UPDATE generations SET status = 'live' WHERE name = ? AND generation = ?",
                (name, view.generation),
            )
            failpoint("rebuild.before_commit")

    def discard(self, view: View) -> None:
        """Drop a generation; inside a transaction."""
        view.drop()
        key = (view.projection.name, view.generation)
        for table in ("generations", "positions", "sequences", "parked"):
            self.database.execute(f"DELETE FROM {table} WHERE name = ? AND generation = ?", key)

    def _create_first(self, projection: Projection) -> int:
        with self._lock, self.database.transaction():
            if self.database.dialect == "postgresql":
                self.database.execute("SELECT pg_advisory_xact_lock(7238912)")
            generation = self.live(projection)
            if generation is None:
                view = projection.view(self.database, self._next(projection))
                view.create()
                self._enter(view, "live")
                generation = view.generation
        return generation

    def _next(self, projection: Projection) -> int:
        rows = self.database.execute(
            "SELECT coalesce(max(generation), 0) + 1 FROM generations WHERE name = ?",
            (projection.name,),
        )
        return int(rows[0][0])

    def _enter(self, view: View, status: str) -> None:
        self.database.execute(
            "INSERT INTO generations VALUES (?, ?, ?, ?)",
            (view.projection.name, view.generation, view.projection.version, status),
        )

    def _prepare(self, database: Database) -> None:
        with self._lock:
            if self._ready:
                return
            with database.transaction():
                if database.dialect == "postgresql":
                    database.execute("SELECT pg_advisory_xact_lock(7238912)")
                for statement in SCHEMA:
                    database.execute(statement)
            self._ready = True
