"""Lanes: a few threads that each serve all requests that wait, and one commit for all of them.

A thread for each request spends its time in handing the interpreter round, at every statement;
a page takes less than that.  So whoever is free takes all that wait, reads for one after the
other, puts their looks on record in one commit, and only then are they answered.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from fastapi import Response

from services.audit.reads import ReadAudit

LANES: Final = 3
"""Threads; while one is held up by a slow search, the others serve."""

MOST: Final = 16
"""Requests that are answered together."""

Job = Callable[[], Response]


class _Waiting(NamedTuple):
    job: Job
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Response]"


class Lanes:
    """Serves requests of one process; its threads start with the first one."""

    def __init__(self, audit: ReadAudit) -> None:
        self._audit = audit
        self._waiting: deque[_Waiting] = deque()
        self._some = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []
        self._is_closing = False

    async def serve(self, job: Job) -> Response:
        """Do *job* in one of the lanes; what it lets people read is on record when it is back."""
        if not self._threads:
            self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(LANES)]
            for thread in self._threads:
                thread.start()
        loop = asyncio.get_running_loop()
        waiting = _Waiting(job, loop, loop.create_future())
        self._waiting.append(waiting)
        self._some.release()
        return await waiting.answer

    def close(self) -> None:
        """End the threads, once nobody waits any more."""
        self._is_closing = True
        self._some.release(LANES)
        for thread in self._threads:
            thread.join(10)

    def _work(self) -> None:
        while self._some.acquire() and not self._is_closing:
            if taken := self._taken():
                self._do(taken)

    def _taken(self) -> list[_Waiting]:
        """Take what waits; another lane may have taken it already."""
        taken: list[_Waiting] = []
        while self._waiting and len(taken) < MOST:
            try:
                taken.append(self._waiting.popleft())
            except IndexError:
                break
        return taken

    def _do(self, taken: list[_Waiting]) -> None:
        """Serve some requests, and tell each how it went."""
        answers: list[Response | Exception] = []
        try:
            with self._audit.together():
                answers += [_tried(waiting.job) for waiting in taken]
        except Exception as error:  # noqa: BLE001  whoever asked is told
            answers = [error] * len(taken)
        taken[0].loop.call_soon_threadsafe(_tell, taken, answers)


def _tried(job: Job) -> Response | Exception:
    try:
        return job()
    except Exception as error:  # noqa: BLE001  whoever asked is told
        return error


def _tell(taken: list[_Waiting], answers: list[Response | Exception]) -> None:
    for waiting, answer in zip(taken, answers, strict=True):
        if waiting.answer.done():  # who asked is gone
            continue
        if isinstance(answer, Exception):
            waiting.answer.set_exception(answer)
        else:
            waiting.answer.set_result(answer)
