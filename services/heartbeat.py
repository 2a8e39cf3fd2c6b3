"""Heartbeats: what a process says of itself, beside its position in whatever database that is.

A process that was killed, stopped or hangs cannot say so: whoever reads takes one that was
silent for five seconds as stopped.  A beat's age is taken by the database's own clock, so
clocks of several machines need not agree; it counts from the worker's last sign of life,
not from the thread that writes it.
"""

import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any, Final, NamedTuple, Self

from projections.database import Database

SCHEMA: Final = """CREATE TABLE IF NOT EXISTS heartbeats (
    name TEXT NOT NULL,
    instance TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    position BIGINT NOT NULL,
    rate DOUBLE PRECISION NOT NULL,
    beat_at BIGINT NOT NULL,
    PRIMARY KEY (name, instance))"""

NOW: Final = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
}
"""Microseconds since 1970, by the database's clock."""

CREATING: Final = 7238916
"""PostgreSQL's advisory lock while the table is made."""

BEAT_SECONDS: Final = 1.0
SILENT_SECONDS: Final = 5.0
"""Without a sign of life for so long, a process counts as stopped."""

HOST: Final = 30
"""Characters of a machine's name that are shown; the last ones tell containers apart."""

REMEMBERED_SECONDS: Final = 24 * 3600
"""How long what a process said last is kept after it ended."""

SMOOTH: Final = 0.3
"""How much the last second counts in the rate."""

RUNNING: Final = "running"
STOPPED: Final = "stopped"
REFUSED: Final = "refused"
FAULTED: Final = "faulted"
ENDED: Final = frozenset({STOPPED, REFUSED, FAULTED})
"""States that a process leaves behind; they do not grow old."""


class Beat(NamedTuple):
    """What one process said last.

    Attributes:
        name: Of its work; several processes may share one.
        instance: Of the process.
        detail: Why it is in its state, where that needs a word.
        position: How far it came, in the store's order.
        rate: Events a second.
        age: Seconds since its last sign of life.
    """

    name: str
    instance: str
    state: str
    detail: str
    position: int
    rate: float
    age: float


def prepare(database: Database) -> None:
    """Make the table if it is not there."""
    with database.transaction():
        if database.dialect == "postgresql":
            database.execute("SELECT pg_advisory_xact_lock(?)", (CREATING,))
        database.execute(SCHEMA)


def write(database: Database, beat: Beat) -> None:
    """Put a process's beat in the place of its last one."""
    database.execute(
        f"INSERT INTO heartbeats VALUES (?, ?, ?, ?, ?, ?, {NOW[database.dialect]} - ?) "
        "ON CONFLICT (name, instance) DO UPDATE SET state = excluded.state, "
        "detail = excluded.detail, position = excluded.position, rate = excluded.rate, "
        "beat_at = excluded.beat_at",
        (*beat[:6], int(beat.age * 1e6)),
    )


def read(database: Database, name: str) -> list[Beat]:
    """List what the processes of one work said last; those that fell silent are stopped."""
    rows: list[Any] = database.execute(
        f"SELECT name, instance, state, detail, position, rate, "
        f"({NOW[database.dialect]} - beat_at) / 1e6 FROM heartbeats WHERE name = ? "
        "ORDER BY beat_at DESC, instance",
        (name,),
    )
    return [_judged(Beat._make((*row[:6], float(row[6])))) for row in rows]


def _judged(beat: Beat) -> Beat:
    if beat.age <= SILENT_SECONDS or beat.state in ENDED:
        return beat
    detail = f"no sign of life for {beat.age:,.0f} s; it was {beat.state.replace('_', ' ')}"
    return beat._replace(state=STOPPED, detail=detail, rate=0.0)


def this_instance() -> str:
    """Name this process."""
    return f"{socket.gethostname()[-HOST:]}:{os.getpid()}"


class Pulse:
    """Writes a worker's beats from a thread of its own, once a second."""

    def __init__(self, url: str, name: str, instance: str | None = None) -> None:
        """Describe the worker.

        Args:
            url: Of the database that keeps its position.
        """
        self._url = url
        self._beat = Beat(name, instance or this_instance(), "starting", "", 0, 0.0, 0.0)
        self._alive_until = time.monotonic()
        self._done = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beats, name="pulse", daemon=True)
        self._database: Database | None = None

    @property
    def instance(self) -> str:
        """The process whose life it shows."""
        return self._beat.instance

    @property
    def state(self) -> str:
        """What was said last."""
        return self._beat.state

    def say(self, state: str, detail: str = "", *, patience: float = 0.0) -> None:
        """Say how the work stands, which is a sign of life.

        Args:
            patience: Seconds for which this also stands without another sign.
        """
        self._beat = self._beat._replace(state=state, detail=detail)
        self._alive_until = time.monotonic() + patience

    def alive(self) -> None:
        """Give a sign of life."""
        self._alive_until = max(self._alive_until, time.monotonic())

    def moved(self, position: int, events: int = 0) -> None:
        """Say how far the work came, and by how many events; a sign of life."""
        self._beat = self._beat._replace(position=position)
        self._done += events
        self._alive_until = time.monotonic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(timeout=BEAT_SECONDS)

    def _beats(self) -> None:
        rate, done, since = 0.0, 0, time.monotonic()
        while not self._ended.wait(BEAT_SECONDS if self._database else BEAT_SECONDS / 10):
            now = time.monotonic()
            rate += SMOOTH * ((self._done - done) / (now - since) - rate)
            done, since = self._done, now
            self._write(self._beat._replace(rate=round(rate, 1)))
        state = self._beat.state if self._beat.state in ENDED else STOPPED
        self._write(self._beat._replace(state=state))
        if self._database:
            self._database.close()

    def _write(self, beat: Beat) -> None:
        """Write a beat; a database that is away cannot be told, and is tried again."""
        age = max(0.0, time.monotonic() - self._alive_until)
        try:
            if self._database is None:
                self._database = self._opened(beat)
            write(self._database, beat._replace(age=age))
        except Exception:  # noqa: BLE001  drivers fail in many ways
            database, self._database = self._database, None
            with suppress(Exception):
                if database:
                    database.close()

    def _opened(self, beat: Beat) -> Database:
        database = Database(self._url)
        if database.dialect == "postgresql":
            database.execute("SET synchronous_commit = off")
        prepare(database)
        database.execute(
            f"DELETE FROM heartbeats WHERE name = ? AND beat_at < {NOW[database.dialect]} - ?",
            (beat.name, int(REMEMBERED_SECONDS * 1e6)),
        )
        return database
