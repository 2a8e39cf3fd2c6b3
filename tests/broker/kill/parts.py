"""What a forked process is: one part of the system, run as `longcase serve` runs it.

An order names the part and its settings, what its failpoints do, and for a control run the
guard that is taken out of this process alone.
"""

import logging
import os
import signal
import socket
from contextlib import closing
from threading import Event
from typing import Any

from services import logs
from services.bus import Topics
from services.catalogue import PROJECTIONS
from services.cli.serving import server_of
from services.config import Settings
from services.deployment import Deployment
from services.failpoints import arm
from services.inbox.serving import serve_inbox
from services.processes import serve_projector, serve_relay
from services.retry import Retrier
from tests.broker.deployed import Deployed, fold_as
from tests.broker.kill import guards


def preload() -> None:
    """Import what a part would import when it is at work."""
    import psycopg  # noqa: F401
    import uvicorn.lifespan.on
    import uvicorn.loops.uvloop
    import uvicorn.protocols.http.httptools_impl  # noqa: F401

    import services.api.app
    import services.group.arrival
    import services.store.postgres
    import services.store.sqlite  # noqa: F401


def run(order: dict[str, Any]) -> None:
    """Be the part that *order* names, until told to stop."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    os.environ.update(order["settings"])
    logs.configure(logging.INFO)
    for guard in order["without"]:
        guards.take_out(guard)
    arm(order["failpoints"])
    settings, topics = Settings(), Topics(order["prefix"])
    words: list[str] = order["part"].split()
    match words:
        case ["api", *_]:
            _api(settings)
        case ["relay", *_]:
            serve_relay(settings, stop, topics)
        case ["inbox", *_]:
            serve_inbox(settings, stop, topics)
        case ["rival", name, group]:
            with (deployed := Deployed(settings, topics)).opened:
                fold_as(deployed, PROJECTIONS[name], group, stop)
        case ["rebuild", name]:
            with Deployment(settings) as deployment:
                deployment.rebuilder.rebuild(PROJECTIONS[name])
        case ["retry", name]:
            _retry(settings, name)
        case [name, *_]:
            serve_projector(settings, name, stop, topics)
        case _:
            raise ValueError(f"there is no part {words}")


def _api(settings: Settings) -> None:
    """Serve HTTP, as `longcase serve api` does."""
    with (
        socket.create_server((settings.host, settings.port), backlog=2048) as listener,
        Deployment(settings) as deployment,
    ):
        server_of(deployment).run(sockets=[listener])


def _retry(settings: Settings, name: str) -> None:
    """Fold what is parked, as `longcase projections retry` does."""
    with Deployment(settings) as deployment, closing(deployment.models) as models:
        retrier = Retrier(deployment.feed, models, deployment.decisions)
        assert all(each.left == 0 for each in retrier.retry(PROJECTIONS[name]))
