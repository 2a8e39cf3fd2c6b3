"""Group commit: requests that wait for the same door go through it together.

A commit is what costs.  While one is under way the requests of other threads gather; the next
thread to come through decides all of them in one commit and hands each its own receipts.
"""

import threading
from collections.abc import Callable, Sequence

from services.receipts import Receipt
from services.wire import Report

Commit = Callable[[Sequence[Report], bool], list[Receipt]]


class Group:
    """Gathers requests into commits of at most *size* reports."""

    def __init__(self, commit: Commit, size: int) -> None:
        self._commit = commit
        self._size = size
        self._waiting: list[_Request] = []
        self._door = threading.Lock()
        self._turn = threading.Lock()

    def call(self, reports: Sequence[Report], *, atomic: bool) -> list[Receipt]:
        """Commit *reports*, alone or with others, and return their receipts."""
        request = _Request(reports, atomic)
        with self._door:
            self._waiting.append(request)
        with self._turn:
            if not request.done:
                self._serve(self._next(request))
        if request.error:
            raise request.error
        return request.receipts

    def _next(self, mine: "_Request") -> "list[_Request]":
        """Take waiting requests for one commit; one that is all or nothing goes alone."""
        with self._door:
            taken = [mine]
            total = len(mine.reports)
            for request in self._waiting:
                if mine.atomic or request.atomic or request is mine:
                    continue
                if total + len(request.reports) <= self._size:
                    taken.append(request)
                    total += len(request.reports)
            self._waiting = [r for r in self._waiting if r not in taken]
            return taken

    def _serve(self, requests: "list[_Request]") -> None:
        reports = [report for request in requests for report in request.reports]
        try:
            receipts = self._commit(reports, requests[0].atomic)
        except Exception as error:
            for request in requests:
                request.error, request.done = error, True
            return
        for request in requests:
            count = len(request.reports)
            request.receipts, receipts = receipts[:count], receipts[count:]
            request.done = True


class _Request:
    """One call, waiting for its commit."""

    def __init__(self, reports: Sequence[Report], atomic: bool) -> None:
        self.reports = reports
        self.atomic = atomic
        self.receipts: list[Receipt] = []
        self.error: Exception | None = None
        self.done = False
