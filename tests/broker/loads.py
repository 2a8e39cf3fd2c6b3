"""Load: what publishers report while something else is done to the system."""

import threading
from collections.abc import Sequence
from typing import Any, Self

from tests.broker.deployed import Deployed


class Load:
    """Reports events from a thread of its own, without a pause once the context is left."""

    def __init__(
        self,
        deployed: Deployed,
        events: Sequence[dict[str, Any]],
        chunk: int = 20,
        pause: float = 0.1,
    ) -> None:
        """Say what to report.

        Args:
            chunk: How many events a commit has.
            pause: Seconds between two commits.
        """
        self._deployed = deployed
        self._events = events
        self._chunk = chunk
        self._pause = pause
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._failure: BaseException | None = None
        self.reported = 0
        """How many events the desk accepted so far."""

    @property
    def goes_on(self) -> bool:
        """Whether there is anything left to report, and nothing failed."""
        return self._failure is None and self.reported < len(self._events)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._hurry.set()
        self._thread.join()
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        try:
            for start in range(0, len(self._events), self._chunk):
                chunk = self._events[start : start + self._chunk]
                self._deployed.report(chunk)
                self.reported += len(chunk)
                self._hurry.wait(self._pause)
        except BaseException as error:  # noqa: BLE001  raised again by whoever waits for the load
            self._failure = error
        finally:
            self._deployed.desk.store.close()
