"""The watchdog: ends a process whose client hangs, so that a supervisor starts a new one.

No call of the Kafka client has a timeout that can be trusted.  Work that waits while the
brokers answer, and does not go on, is what a hanging client looks like from outside.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

PATIENCE: Final = 60.0
"""Seconds that work may wait, and nothing be done, while the brokers answer."""

LOOKS: Final = 12
"""How often to look within the patience."""

STUCK: Final = 75
"""The exit code of a process that was ended: try again (EX_TEMPFAIL)."""

logger = structlog.get_logger()


def leave() -> None:
    """End the process at once; a thread that hangs cannot be asked to."""
    os._exit(STUCK)


class Watchdog:
    """Looks at a worker from a thread of its own."""

    def __init__(
        self,
        done: Callable[[], int],
        waits: Callable[[], bool],
        answers: Callable[[], bool],
        act: Callable[[], None] = leave,
        patience: float = PATIENCE,
    ) -> None:
        """Describe the worker.

        Args:
            done: A number that changes whenever something is done.
            waits: Whether there is something to do.
            answers: Whether the brokers answer; asked only when work waits.
            act: What to do with a worker that hangs.
            patience: In seconds.
        """
        self._done, self._waits, self._answers = done, waits, answers
        self._act = act
        self._patience = patience
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> None:
        """Begin to look."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join(timeout=1)

    def _watch(self) -> None:
        done, since = self._done(), time.monotonic()
        while not self._ended.wait(self._patience / LOOKS):
            if self._done() != done or not self._is_due():
                done, since = self._done(), time.monotonic()
            elif time.monotonic() - since > self._patience:
                logger.critical("hangs while the brokers answer; ending", seconds=self._patience)
                self._act()
                return

    def _is_due(self) -> bool:
        try:
            return self._waits() and self._answers()
        except Exception:  # noqa: BLE001  what cannot be asked does not answer
            return False
