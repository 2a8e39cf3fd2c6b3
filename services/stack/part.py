"""One program of the stack: a broker or the PostgreSQL server.

Its port and its data stay the same from start to start, whatever ended it.  Its folder
holds what it needs to be found again: `pid`, `log` (with the one before it), `data/`.
"""

import signal
import socket
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

from services.stack.errors import PartFailed, PortTaken
from services.stack.program import Command, Program, launch

__all__ = ["HOST", "Part"]

HOST = "127.0.0.1"
"""Where everything listens: nothing of the stack can be reached from another machine."""

START_PATIENCE = 90.0
"""Seconds a part has to answer; a crowded machine needs ten times what a quiet one does."""

STOP_PATIENCE = 10.0
"""Seconds between asking a part to end and killing it; no kill loses acknowledged data."""

LOG_TAIL = 15
"""Lines of a part's log that its failure shows."""


class Part(ABC):
    """A program with a name, a folder and a port."""

    stop_signal = signal.SIGTERM
    """What asks it to end in good order."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.name = folder.name
        self.port = port
        self.log = folder / "log"
        self._pid_file = folder / "pid"

    @property
    def address(self) -> str:
        """`host:port` where it listens."""
        return f"{HOST}:{self.port}"

    @property
    def program(self) -> Program | None:
        """The running program, None if it does not run."""
        return Program.find(self._pid_file)

    @abstractmethod
    def answers(self) -> bool:
        """Say whether it serves clients now."""

    @abstractmethod
    def prepare(self) -> None:
        """Make its data folder if it is the first time, and forget a crash's leavings."""

    @abstractmethod
    def command(self) -> Command:
        """What to run."""

    def start(self) -> None:
        """Start it unless it runs, and return when it serves clients.

        Raises:
            PortTaken: If another program listens on its port.
            PartFailed: If it ends, or does not serve after START_PATIENCE.
        """
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it unless it runs, without waiting; a paused one goes on.

        Raises:
            PortTaken: If another program listens on its port.
            PartFailed: If its data folder cannot be made.
        """
        if self.program:
            self.resume()
            return
        self._must_find_its_port_free()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        if self.log.exists():
            self.log.replace(self.folder / "log.before")
        if program := launch(self.command(), log=self.log):
            program.save(self._pid_file)

    def wait(self) -> None:
        """Wait until it serves clients.

        Raises:
            PartFailed: If it ends, or does not serve after START_PATIENCE.
        """
        deadline = time.monotonic() + START_PATIENCE
        while not self.answers():
            if not self.program:
                raise self.failure("ended")
            if time.monotonic() > deadline:
                raise self.failure(f"did not answer within {START_PATIENCE:.0f} s")
            time.sleep(0.02)

    def stop(self, patience: float = STOP_PATIENCE) -> None:
        """End it in good order, by force after *patience* seconds."""
        self.ask_to_stop()
        if (program := self.program) and not program.gone_within(patience):
            self.kill()

    def ask_to_stop(self) -> None:
        """Ask it to end in good order, without waiting."""
        self.resume()
        if program := self.program:
            program.send(self.stop_signal)

    def kill(self) -> None:
        """End it at once, as a crash would, and return when it is gone."""
        family = self._send(signal.SIGKILL)
        for member in family:
            member.gone_within(STOP_PATIENCE)

    def pause(self) -> None:
        """Stop the clock for it: connections stay open and nothing answers."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused one go on."""
        self._send(signal.SIGCONT)

    def failure(self, what: str) -> PartFailed:
        """Describe a failure with the end of the log beside it."""
        return PartFailed(f"{self.name} {what}; {self.log} ends:\n{self.tail()}")

    def tail(self) -> str:
        """Read the last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LOG_TAIL:])

    def _send(self, number: signal.Signals) -> list[Program]:
        """Signal the whole family, the head first so that it has no more children."""
        program = self.program
        family = program.family() if program else []
        for member in family:
            member.send(number)
        return family

    def _must_find_its_port_free(self) -> None:
        with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
            raise PortTaken(
                f"{self.name} listens on {self.address}, and another program is there;"
                f" end that one, or delete {self.folder.parent} to begin anew (with its data)"
            )
