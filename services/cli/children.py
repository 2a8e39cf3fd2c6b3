"""The processes that `longcase run --bus kafka` runs beside itself.

Promise: one that ends is started again, later each time; all end with the one that runs them.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from services.cli.show import note
from services.config import Settings

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
"""Seconds until a process that ended is started again; they double."""

LOOK_SECONDS: Final = 0.2
GRACE_SECONDS: Final = 15.0
"""How long a process may take to finish its page once it is told to stop."""


class Child:
    """One process, started again when it ends."""

    def __init__(self, command: Sequence[str], settings: Settings) -> None:
        self.name = "-".join(command[1:])
        self._command = [sys.executable, "-m", "services.cli", *command]
        self._environment = {
            **os.environ,
            **settings.environment(),
        }
        self.log: Path = settings.home / "logs" / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._wait = FIRST_WAIT
        self._due = 0.0

    def look(self) -> None:
        """Start the process if it does not run, and it is time to."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            note(f"{self.name} ended with {code} and is started again; see {self.log}")
            self._process = None
            self._due = time.monotonic() + self._wait
            self._wait = min(self._wait * 2, LONGEST_WAIT)
        if time.monotonic() >= self._due:
            self._start()

    def ask_to_stop(self) -> None:
        """Tell the process to finish what it is at."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """Wait for the process to end; by force if it takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "--beside", str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment,
                start_new_session=True,
            )  # fmt: skip


@contextmanager
def running(commands: Sequence[Sequence[str]], settings: Settings) -> Iterator[None]:
    """Keep processes running while the block does."""
    children = [Child(command, settings) for command in commands]
    stopped = threading.Event()

    def supervise() -> None:
        while not stopped.is_set():
            for child in children:
                child.look()
            stopped.wait(LOOK_SECONDS)

    supervisor = threading.Thread(target=supervise, daemon=True)
    supervisor.start()
    try:
        yield
    finally:
        stopped.set()
        supervisor.join()
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.stop()
