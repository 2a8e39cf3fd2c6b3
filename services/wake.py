"""Waiting for something to be recorded."""

from threading import Event
from typing import Any, Final

LISTEN_SECONDS: Final = 0.25
"""How long PostgreSQL is listened to before it is looked whether to stop."""

LOOK_SECONDS: Final = 0.005
"""Seconds between looks at a SQLite store, which tells nobody; each costs some 30 µs."""


class Wake:
    """Waits until something may have been recorded; for one thread."""

    def __init__(self, store: str, look_seconds: float = LOOK_SECONDS) -> None:
        """Listen to a store that tells of commits.

        Args:
            look_seconds: How long to wait for one that tells nobody.
        """
        self._look_seconds = look_seconds
        self._listens: Any = None
        if not store.startswith("sqlite:"):
            import psycopg

            self._listens = psycopg.connect(store, autocommit=True)
            self._listens.execute("LISTEN stored_events")

    def wait(self, stop: Event) -> None:
        """Wait a moment, at most until something is recorded."""
        if self._listens is None:
            stop.wait(self._look_seconds)
            return
        for _ in self._listens.notifies(timeout=LISTEN_SECONDS, stop_after=1):
            pass

    def close(self) -> None:
        """Listen no more."""
        if self._listens is not None:
            self._listens.close()
