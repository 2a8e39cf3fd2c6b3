"""Lanes: a few threads that each serve all requests that wait, and one commit for all of them.

A thread for each request spends its time in handing the interpreter round, at every statement;
a page takes less than that.  So whoever is free takes all that wait, reads for one after the
other, puts their looks on record in one commit, and only then are they answered.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
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
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    async def serve(self, job: Job) -> Response:
        """Do *job* in one of the lanes; what it lets people read is on record when it is back."""
        if not self._threads:
            self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(LANES)]
            for thread in self._threads:
                thread.start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Response] = loop.create_future()
        self._waiting.put(_Waiting(job, loop, answer))
        return await answer

    def close(self) -> None:
        """End the threads, once those who wait are served."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(10)

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            taken, ends = self._with_others(first)
            self._do(taken)
            if ends:
                return

    def _with_others(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """Take along who else waits; say whether this lane was told to end."""
        taken = [first]
        with suppress(Empty):
            while len(taken) < MOST:
                other = self._waiting.get_nowait()
                if other is None:
                    return taken, True
                taken.append(other)
        return taken, False

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
