"""The command line: what people type, wired by hand in one place.

Promise: no traceback for bad input, a missing file, a database that cannot be reached, a pipe
that closes or Ctrl-C; one line on standard error says what is wrong, where, and what to do.
"""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from services.cli.errors import CLOSED, FAILED, INTERRUPTED, OK, code_of, told

__all__ = ["main"]

COLLECTED: Final = 10_000
"""Objects made before the collector looks for cycles among them; events, made in masses, hold
none.  Rebuilding read models takes 5 to 20 % less time than with Python's 700."""

DEBUG: Final = "LONGCASE_DEBUG"
"""Set, it shows where an error comes from."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    gc.set_threshold(COLLECTED)
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    try:
        from services.cli.commands import run

        code = run(tokens)
        sys.stdout.flush()
    except KeyboardInterrupt:
        _say("interrupted; run it again to go on")
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return CLOSED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK
    except Exception as error:  # noqa: BLE001  the one place where errors become exit codes
        return _explained(error)
    return code


def _explained(error: Exception) -> int:
    if os.environ.get(DEBUG):
        raise error
    code = code_of(error)
    if code is not None:
        _say(f"error: {told(error)}")
        return code
    _say(
        f"error: a defect of ours, {type(error).__name__}: {told(error)}; "
        f"please report it, with what {DEBUG}=1 shows"
    )
    return FAILED


def _say(line: str) -> None:
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def _forget_output() -> None:
    """Let nothing be written any more: whoever read it has gone."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
