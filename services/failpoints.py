"""Failpoints: named places between two steps, where a test ends, breaks or delays a process.

No setting arms them, and no variable of the environment: nothing that runs in production calls
`arm`, only what tests start.  Elsewhere a failpoint is one look at an empty dictionary.
"""

import os
import signal
import time
from dataclasses import dataclass
from typing import Final

import structlog

VARIABLE: Final = "LONGCASE_FAILPOINT"
"""Under this name tests hand a list to processes of theirs, which arm it; the product never
reads it."""

logger = structlog.get_logger()


class Failed(RuntimeError):
    """A failpoint was told to raise."""


@dataclass(slots=True)
class _Order:
    """What to do at one place.

    Attributes:
        only: At which pass, counted from 1; 0 means at each.
        passes: How often the place was passed.
    """

    act: str
    only: int
    passes: int = 0


_armed: dict[str, _Order] = {}


def failpoint(name: str) -> None:
    """Do what was ordered for this place; nothing, where nothing is armed.

    Raises:
        Failed: If told to.
    """
    if _armed:
        _pass(name)


def arm(orders: str) -> None:
    """Arm what *orders* say and nothing else: ``relay.after_send=kill@3,park.before_commit=raise``.

    An act is ``kill``, ``raise`` or ``stall:SECONDS``; ``@3`` means only at the third pass.

    Raises:
        ValueError: If an act is none of these.
    """
    _armed.clear()
    for entry in filter(None, (part.strip() for part in orders.split(","))):
        name, _, wanted = entry.partition("=")
        act, _, only = wanted.partition("@")
        if act.partition(":")[0] not in ("kill", "raise", "stall"):
            raise ValueError(f"{entry}: {act!r} is none of kill, raise, stall:SECONDS")
        _armed[name] = _Order(act, int(only or 0))


def _pass(name: str) -> None:
    order = _armed.get(name)
    if order is None:
        return
    order.passes += 1
    if order.only in (0, order.passes):
        logger.warning("failpoint", name=name, act=order.act)
        _do(name, order.act)


def _do(name: str, act: str) -> None:
    kind, _, seconds = act.partition(":")
    match kind:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raise":
            raise Failed(f"failpoint {name}")
        case _:
            time.sleep(float(seconds or 3600))
