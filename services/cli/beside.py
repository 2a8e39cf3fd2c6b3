"""Read models that keep up while a command records: in a process of its own, on another core.

Promise: nothing depends on it.  Who folds a page is decided by compare-and-set, so the command
folds what is left when it has recorded all, and a kill of either leaves no half page.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Final

from services.cli import local
from services.config import Settings
from services.deployment import Deployment

PAUSE: Final = 0.02
"""Seconds between looks at the log when there is nothing to fold."""


@contextmanager
def projecting(settings: Settings, *, shown: bool = False) -> Iterator[None]:
    """Fold what is recorded inside, as far as another core gets with it.

    The files are made before: two processes that make them get into each other's way.
    """
    if not _is_of_use(settings):
        yield
        return
    with Deployment(settings) as deployment:
        local.catch_up(deployment, shown=shown)
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_fold_until_closed, args=(settings, reader, writer))
    process.start()
    reader.close()
    try:
        yield
    finally:
        writer.close()
        process.join()


def _is_of_use(settings: Settings) -> bool:
    """Say whether there is a core for it, and a database of its own to write to.

    Only Linux says which cores are ours, and forks without harm.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    is_apart = settings.store != settings.read_models or settings.store.startswith("postgres")
    return cores > 1 and is_apart and not settings.kafka and threading.active_count() == 1


def _fold_until_closed(settings: Settings, reader: Connection, writer: Connection) -> None:
    """Fold until the command closes its end of the pipe, or is no more.

    Whatever goes wrong is for the command to meet, when it folds the rest.
    """
    writer.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command is asked to stop, and says so
    with suppress(Exception), Deployment(settings) as deployment:
        position, moved = 0, True
        while not reader.poll(0 if moved else PAUSE):
            deployment.keyring.refresh()
            before, position = position, deployment.projector.catch_up(upto=position + 1)
            moved = position > before
