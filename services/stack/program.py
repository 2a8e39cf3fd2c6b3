"""A program that lives on without us: started, found again by its pid file, signalled.

It has its own session and is adopted by the system, so neither the end of the process
that started it nor a closed terminal takes it along.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Command", "Program", "launch", "run"]

Command = Sequence[str | Path]

_PAGE = os.sysconf("SC_PAGE_SIZE")

# The shell leaves at once and its background job is an orphan from birth: whoever starts
# a program here is never its parent, and has no zombie to reap.
_DETACH = '"$@" </dev/null >>"$0" 2>&1 & echo $!'


class Program(NamedTuple):
    """A running program, known by its process id and the tick it was born at.

    The second guards against the first being given to somebody else.
    """

    pid: int
    born: int

    @property
    def alive(self) -> bool:
        """Say whether it runs; a paused one does, one that nobody reaped does not.

        While threads of a dying program remain, its ports and files do.
        """
        try:
            state, *rest = _stat(self.pid)
        except OSError:
            return False
        return int(rest[18]) == self.born and (state not in "ZX" or int(rest[16]) > 1)

    @property
    def memory(self) -> int:
        """Its memory with that of its children, in bytes; what they share counts once."""
        return sum(_resident(member.pid, alone=member.pid == self.pid) for member in self.family())

    def family(self) -> list["Program"]:
        """List it, then its living descendants."""
        children: dict[int, list[Program]] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            if found := _parent_and_program(int(entry.name)):
                children.setdefault(found[0], []).append(found[1])
        family = [self]
        for member in family:  # grows while it is walked
            family += children.get(member.pid, [])
        return family

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this program alone; nothing happens if it is gone."""
        if self.alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def gone_within(self, patience: float) -> bool:
        """Wait for its end at most *patience* seconds and say whether it came."""
        deadline = time.monotonic() + patience
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def save(self, file: Path) -> None:
        """Write the pid file."""
        file.write_text(f"{self.pid} {self.born}\n")

    @classmethod
    def find(cls, file: Path) -> "Program | None":
        """Read the pid file; None if there is none or its program no longer runs."""
        try:
            pid, born = map(int, file.read_text().split())
        except (FileNotFoundError, ValueError):
            return None
        program = cls(pid, born)
        return program if program.alive else None


def launch(command: Command, *, log: Path) -> Program | None:
    """Start *command* in its own session, its output added to *log*.

    None if it ended at once; the log says why.
    """
    shell = subprocess.run(
        ["/bin/sh", "-c", _DETACH, log, *command],
        stdout=subprocess.PIPE,
        check=True,
        start_new_session=True,
    )
    pid = int(shell.stdout)
    try:
        return Program(pid, born=int(_stat(pid)[19]))
    except OSError:
        return None


def run(command: Command, *, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run *command* to its end with *given* as its input; its errors join its output."""
    return subprocess.run(
        command,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _stat(pid: int) -> list[str]:
    """Read state, parent, … of a process: the fields behind the name in parentheses."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent_and_program(pid: int) -> tuple[int, Program] | None:
    try:
        fields = _stat(pid)
    except OSError:  # ended meanwhile
        return None
    return int(fields[1]), Program(pid, born=int(fields[19]))


def _resident(pid: int, *, alone: bool) -> int:
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:  # ended meanwhile
        return 0
    return (int(resident) - (0 if alone else int(shared))) * _PAGE
