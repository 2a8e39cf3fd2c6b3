"""Processes that last: a name that a restart gets again, and what passes is waited for."""

import fcntl
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from typing import Final

import structlog

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 5.0
"""Seconds until another attempt after a failure; they double."""

WORKED: Final = 60.0
"""Seconds after which a failure counts as a new one, not as the last one again."""

logger = structlog.get_logger()


def lasting(
    session: Callable[[], None],
    stop: Event,
    permanent: tuple[type[Exception], ...],
    name: str,
    waits: Callable[[Exception, float], None] = lambda *_: None,
) -> None:
    """Run *session* until *stop* is set, again after each failure; what is waited for is said once.

    Args:
        permanent: What is not mended by waiting, and raised.
        waits: Told what is waited for, and for how many seconds.
    """
    wait = FIRST_WAIT
    while not stop.is_set():
        began = time.monotonic()
        try:
            session()
        except permanent:
            raise
        except Exception as error:  # noqa: BLE001  brokers and databases fail in many ways
            if time.monotonic() - began > WORKED:
                wait = FIRST_WAIT
            if wait == FIRST_WAIT:
                logger.warning("process waits", process=name, error=str(error) or repr(error))
            waits(error, wait)
            stop.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)


@contextmanager
def held_name(home: Path, role: str) -> Iterator[str]:
    """Name this process among those of its role; a restarted one gets its name again.

    The first name of this machine that no running process holds: it ends with its holder,
    however that ends.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())
    for number in count():
        path = home / f"{role}-{host}-{number}.lock"
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            continue
        try:
            yield f"{host}-{number}"
        finally:
            os.close(file)
        return
