"""The zygote as its user holds it: orders go in, process ids and ends come out."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.broker.deployed import PATIENCE, PROJECT

Ended = Callable[[int], None]
"""Told the exit code; minus the signal, if one ended it."""


class Zygote:
    """Forks parts of systems; one is enough for all tests of a module."""

    def __init__(self, stack: Path | None = None) -> None:
        """Start it.

        Args:
            stack: The home of a stack that ends with it, however it does.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.broker.kill.zygote", str(stack or "")],
            cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._started: queue.Queue[int] = queue.Queue()
        self._ended: dict[int, Ended] = {}
        self._early: dict[int, int] = {}
        self._lock = threading.Lock()
        self._ordering = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def fork(self, order: dict[str, Any], ended: Ended) -> int:
        """Start a part; say its process id.

        Args:
            ended: Called once it has ended, from another thread.
        """
        assert self._process.stdin
        with self._ordering:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            pid = self._started.get(timeout=PATIENCE)
        with self._lock:
            self._ended[pid] = ended
            early = self._early.pop(pid, None)
        if early is not None:
            self._tell(pid, early)
        return pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._reader.join()
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            what, pid, *code = line.split()
            if what == "started":
                self._started.put(int(pid))
            else:
                self._tell(int(pid), int(code[0]))

    def _tell(self, pid: int, code: int) -> None:
        with self._lock:
            ended = self._ended.pop(pid, None)
            if ended is None:
                self._early[pid] = code
        if ended:
            ended(code)


def order_of(
    part: str, settings: dict[str, str], prefix: str, log: Path, failpoints: str, *without: str
) -> dict[str, Any]:
    """Write the order for one part."""
    return {
        "part": part, "settings": settings, "prefix": prefix, "log": str(log),
        "failpoints": failpoints, "without": without,
    }  # fmt: skip
