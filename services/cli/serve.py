"""`longcase serve`: one process of the distributed system."""

import logging
import os
import threading
from contextlib import ExitStack
from threading import Event
from typing import TYPE_CHECKING, Final

from cyclopts import App

from services.cli import local
from services.cli.errors import Usage
from services.cli.kinds import Port, Process
from services.cli.show import note

if TYPE_CHECKING:
    from services.config import Settings

serve = App(name="serve", help="Run one process of the distributed system.")

LOOK_SECONDS: Final = 1.0
"""How often a process looks whether the one it belongs to still runs."""


@serve.command
def api(*, port: Port = None) -> None:
    """Serve the API and the pages; embedded, keep the read models up to date as well.

    Args:
        port: The port to serve on; LONGCASE_PORT, if not given.
    """
    settings = _settings()
    from services.cli.serving import address, listening, server_of, stopped_by_ctrl_c
    from services.deployment import Deployment

    with stopped_by_ctrl_c(), ExitStack() as opened:
        listener = opened.enter_context(
            listening(settings.host, settings.port if port is None else port)
        )
        deployment = opened.enter_context(Deployment(settings))
        local.catch_up(deployment, shown=False)
        server = server_of(deployment)
        note(f"serving on {address(settings, listener)}; Ctrl-C ends")
        server.run(sockets=[listener])


@serve.command
def relay(*, beside: Process = None) -> None:
    """Publish what is recorded to Kafka, in order; one relay of a store is at work at a time.

    Args:
        beside: End when this process ends.
    """
    settings = _distributed()
    from services.cli.serving import until_told
    from services.processes import serve_relay

    with until_told() as stop:
        _end_with(beside, stop)
        serve_relay(settings, stop)


@serve.command
def projector(name: str, /, *, beside: Process = None) -> None:
    """Fold what Kafka brings into one projection; several processes share its partitions.

    Args:
        name: The projection: timeline, directory, tickets or dossier.
        beside: End when this process ends.
    """
    settings = _distributed()
    from services.catalogue import PROJECTIONS
    from services.cli.serving import until_told
    from services.processes import serve_projector

    if name not in PROJECTIONS:
        raise Usage(f"there is no projection {name}; there are {', '.join(PROJECTIONS)}")
    with until_told() as stop:
        _end_with(beside, stop)
        serve_projector(settings, name, stop)


@serve.command
def watcher(*, beside: Process = None) -> None:
    """Record what follows from what is recorded, such as that a ticket may be a duplicate.

    One process of a store does so at a time, and the API does it itself where it is embedded;
    others wait for its end.

    Args:
        beside: End when this process ends.
    """
    settings = _settings()
    from services.cli.serving import until_told
    from services.watcher import serve_watcher

    with until_told() as stop:
        _end_with(beside, stop)
        serve_watcher(settings, stop)


@serve.command
def inbox(*, beside: Process = None) -> None:
    """Take in what publishers send by Kafka; several processes share its partitions.

    What is refused or cannot be read goes to longcase.inbox.rejected, with the reason.

    Args:
        beside: End when this process ends.
    """
    settings = _distributed()
    from services.cli.serving import until_told
    from services.inbox.serving import serve_inbox

    with until_told() as stop:
        _end_with(beside, stop)
        serve_inbox(settings, stop)


@serve.command
def mcp() -> None:
    """Answer assistants by the Model Context Protocol: comes with a later version."""
    raise Usage("longcase serve mcp comes with a later version")


def _settings() -> "Settings":
    from services.logs import configure

    configure(logging.INFO)
    return local.settings()


def _distributed() -> "Settings":
    settings = _settings()
    if not settings.kafka:
        raise Usage("set LONGCASE_KAFKA to the brokers; without Kafka, longcase run does it all")
    from services.bus import brokers_of

    brokers_of(settings)  # a certificate that cannot be read is said now, and not waited for
    return settings


def _end_with(process: int | None, stop: Event) -> None:
    """Stop when another process, our parent, has ended, however it did."""
    if process is None:
        return

    def look() -> None:
        while os.getppid() == process and not stop.wait(LOOK_SECONDS):
            pass
        stop.set()

    threading.Thread(target=look, daemon=True).start()
