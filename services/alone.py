"""One process of a kind at work on a store; others wait for its end.

On PostgreSQL an advisory lock of a connection's, on SQLite a lock on a file beside the store:
either ends with its process, however that ends.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from projections.database import Database

HOLDER: Final = """SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = ?
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""

LOOK_SECONDS: Final = 0.25
"""How often one that waits for another one's end looks again."""


@dataclass(frozen=True, slots=True)
class Alone:
    """The lock of one kind of process.

    Attributes:
        name: Of the work; with the instance, how the holder's connection is called in
            PostgreSQL, and on SQLite what the file is called.
        number: Of PostgreSQL's advisory lock.
    """

    name: str
    number: int

    @contextmanager
    def held(
        self, database: Database, stop: Event, instance: str = "", patience: float = float("inf")
    ) -> Iterator[bool]:
        """Be the only one, once no other is; ``False`` if that does not come.

        Args:
            database: A connection of the holder's own: with it the lock ends.
            stop: Ends the wait.
            instance: Who holds the lock, for whoever asks.
            patience: Seconds until the wait ends by itself.
        """
        until = time.monotonic() + patience
        with self._lock(database) as lock:
            held = lock.taken(instance)
            while not (held or stop.is_set() or time.monotonic() > until):
                stop.wait(LOOK_SECONDS)
                held = lock.taken(instance)
            yield held

    def holder(self, database: Database) -> str | None:
        """Say who holds the lock, at work or stopped in the middle; ``None`` if nobody does."""
        with self._lock(database) as lock:
            return lock.holder()

    @contextmanager
    def _lock(self, database: Database) -> "Iterator[_FileLock | _ServerLock]":
        if database.dialect == "postgresql":
            yield _ServerLock(database, self)  # it ends with the connection
            return
        path = Path(database.url.removeprefix("sqlite:///") + f".{self.name}-lock")
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            yield _FileLock(file)
        finally:
            os.close(file)


class _ServerLock:
    """An advisory lock of the connection's."""

    def __init__(self, database: Database, kind: Alone) -> None:
        self._database = database
        self._number = kind.number
        self._application = f"longcase {kind.name} "

    def taken(self, instance: str) -> bool:
        ours = self._database.execute("SELECT pg_try_advisory_lock(?)", (self._number,))[0][0]
        if ours:
            name = (self._application + instance)[:63]  # PostgreSQL cuts it there
            self._database.execute("SELECT set_config('application_name', ?, false)", (name,))
        return bool(ours)

    def holder(self) -> str | None:
        rows = self._database.execute(HOLDER, (self._number,))
        return rows[0][0].removeprefix(self._application) or "unknown" if rows else None


class _FileLock:
    """A lock on a file beside the store."""

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
