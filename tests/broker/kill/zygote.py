"""The zygote: a process that has imported everything and forks the parts of a system.

A part is at work in a tenth of the time that a new interpreter takes, so that hundreds of kills
fit into minutes.  Orders come in as lines of JSON; out go ``started PID`` and ``ended PID CODE``.
Nothing outlives it: its children die with it, it ends with whoever started it, and takes the
stack along whose home it was told.
"""

import ctypes
import gc
import json
import os
import select
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, Final

from services.stack import down

PR_SET_PDEATHSIG: Final = 1

LOOK_SECONDS: Final = 0.02
"""How often it is looked who has ended."""


def main(home: str = "") -> None:
    """Fork what is ordered, and say what ended."""
    from tests.broker.kill import parts

    parts.preload()
    assert threading.active_count() == 1, "a fork takes no other thread along"
    gc.collect()
    gc.freeze()
    orders = b""
    while True:
        ready, _, _ = select.select([0], [], [], LOOK_SECONDS)
        _reap()
        if not ready:
            continue
        read = os.read(0, 1 << 16)
        if not read:
            break
        *lines, orders = (orders + read).split(b"\n")
        for line in lines:
            _fork(line)
    if home:
        down(Path(home))


def _fork(line: bytes) -> None:
    pid = os.fork()
    if pid == 0:
        _become(json.loads(line))
    _say(f"started {pid}")


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _become(order: dict[str, Any]) -> None:
    """Be the part that is ordered, in the forked process, and never return."""
    from tests.broker.kill import parts

    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (1, 2):
            os.dup2(log, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        parts.run(order)
        code = 0
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException:  # noqa: BLE001  whatever it is, it must not go back into the zygote
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
