"""Group commit: requests that wait for the same door go through it together.

A commit is what costs.  While one is under way the requests of other threads gather; the first
of them then leads all that wait through the next one, and hands each its own receipts.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from services.desk.hearing import Heard
from services.receipts import Receipt, Unavailable

BREATH: Final = 0.0001
"""Seconds between two looks at whether more are coming."""

Commit = Callable[[Sequence[Heard], bool], list[Receipt]]


class Group:
    """Gathers requests into commits of at most *size* reports, in the order they came."""

    def __init__(self, commit: Commit, size: int) -> None:
        self._commit = commit
        self._size = size
        self._lock = threading.Lock()
        self._waiting: deque[_Request] = deque()
        self._is_led = False
        self._were = 1  # how many the last commit served

    def call(self, heard: Sequence[Heard], *, atomic: bool) -> list[Receipt]:
        """Commit *heard*, alone or with others, and return their receipts."""
        request = _Request(heard, atomic)
        with self._lock:
            self._waiting.append(request)
            leads, self._is_led = not self._is_led, True
        if not leads:
            request.wait()
        if not request.done:
            self._lead(request)
        if request.error:
            raise request.error
        return request.receipts

    def _lead(self, mine: "_Request") -> None:
        """Serve those who wait, one's own request first, and let the next one lead."""
        requests = [mine]
        try:
            self._gather()
            requests = self._next()
            self._serve(requests)
        finally:
            with self._lock:
                if mine in self._waiting:  # interrupted before it was taken
                    self._waiting.remove(mine)
                heir = self._waiting[0] if self._waiting else None
                self._is_led = heir is not None
            for request in (*requests[1:], *filter(None, [heir])):
                request.wake()

    def _gather(self) -> None:
        """Wait, as long as they keep coming, for those who were just served to come again."""
        came, waiting = 0, len(self._waiting)
        while came < waiting < self._were:
            time.sleep(BREATH)
            came, waiting = waiting, len(self._waiting)

    def _next(self) -> "list[_Request]":
        """Take waiting requests for one commit; one that is all or nothing goes alone."""
        with self._lock:
            taken = [self._waiting.popleft()]
            total = len(taken[0].heard)
            while self._waiting and not taken[0].atomic and not self._waiting[0].atomic:
                total += len(self._waiting[0].heard)
                if total > self._size:
                    break
                taken.append(self._waiting.popleft())
            self._were = len(taken)
            return taken

    def _serve(self, requests: "Sequence[_Request]") -> None:
        heard = [report for request in requests for report in request.heard]
        try:
            receipts = self._commit(heard, requests[0].atomic)
        except Exception as error:  # noqa: BLE001  whoever asked is told
            if len(requests) > 1 and not isinstance(error, Unavailable):
                for request in requests:  # nobody answers for what another one asked
                    self._serve([request])
                return
            for request in requests:
                request.error = error
        else:
            for request in requests:
                count = len(request.heard)
                request.receipts, receipts = receipts[:count], receipts[count:]
                request.error = None
        finally:
            for request in requests:
                request.done = True


class _Request:
    """One call, waiting for its commit, or to lead one."""

    def __init__(self, heard: Sequence[Heard], atomic: bool) -> None:
        self.heard = heard
        self.atomic = atomic
        self.receipts: list[Receipt] = []
        self.error: Exception | None = Unavailable("the commit was interrupted; try again")
        self.done = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def wait(self) -> None:
        """Wait until somebody served this request, or it is its turn to lead."""
        self._gate.acquire()

    def wake(self) -> None:
        """End the wait."""
        self._gate.release()
