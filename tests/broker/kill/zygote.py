"""The zygote: a process that has imported everything and forks the parts of a system.

A part is at work in a tenth of the time that a new interpreter takes, so that hundreds of kills
fit into minutes.  Orders come in as lines of JSON; out go ``started PID`` and ``ended PID CODE``.
Nothing outlives it: its children die with it, and it ends with whoever started it.
"""

import ctypes
import gc
import json
import os
import signal
import sys
import threading
import traceback
from typing import Any, Final

PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Fork what is ordered, and say what ended."""
    from tests.broker.kill import parts

    parts.preload()
    assert threading.active_count() == 1, "a fork takes no other thread along"
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, lambda *_: _reap())
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # first started, then ended
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        _say(f"started {pid}")
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


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
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
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
    main()
