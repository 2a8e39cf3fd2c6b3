"""Failpoints: places where a test ends, breaks or delays a process, named by the environment.

``LONGCASE_FAILPOINT=inbox.before_record=kill`` kills the process where it would record; several
are separated by commas.  Without the variable, or under another name, a failpoint does nothing.
"""

import os
import signal
import time
from typing import Final

VARIABLE: Final = "LONGCASE_FAILPOINT"


class Failed(RuntimeError):
    """A failpoint was told to raise."""


def failpoint(name: str) -> None:
    """Do what the environment says of this place: ``kill``, ``raise`` or ``stall:SECONDS``.

    Raises:
        Failed: If told to.
        ValueError: If told something else.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    for entry in wanted.split(","):
        place, _, act = entry.strip().partition("=")
        if place == name:
            _do(name, act)


def _do(name: str, act: str) -> None:
    match act.partition(":"):
        case ("kill" | "", _, _):
            os.kill(os.getpid(), signal.SIGKILL)
        case ("raise", _, _):
            raise Failed(f"failpoint {name}")
        case ("stall", _, seconds):
            time.sleep(float(seconds or 3600))
        case _:
            raise ValueError(f"{VARIABLE}: {act} is none of kill, raise, stall:SECONDS")
