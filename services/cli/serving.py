"""Serving HTTP from this process: the socket first, so that a taken port is told at once."""

import errno
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event
from typing import Final

from services.cli.errors import Unreachable
from services.config import Settings
from services.deployment import Deployment

GRACE_SECONDS: Final = 5
"""How long open requests may take once the server is told to stop."""


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on an address; port 0 takes any that is free.

    Raises:
        Unreachable: If the port is taken, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unreachable(
                f"port {port} of {host} is in use, perhaps by another longcase; "
                "choose another: --port N"
            ) from None
        raise Unreachable(f"cannot serve on {host} port {port}: {error.strerror}") from None
    with listener:
        yield listener


def serve(deployment: Deployment, listener: socket.socket) -> None:
    """Serve the API and the pages until the process is told to stop."""
    import uvicorn

    from services.api.app import create_app

    config = uvicorn.Config(
        create_app(deployment),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    with suppress(KeyboardInterrupt), terminated_as_interrupted():
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """Take SIGTERM as Ctrl-C, so that what was opened is closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def until_told() -> Iterator[Event]:
    """Give an event that SIGTERM and Ctrl-C set."""
    stop = Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def address(settings: Settings, listener: socket.socket) -> str:
    """Say where to find what *listener* serves, as a URL."""
    port = listener.getsockname()[1]
    host = settings.host
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  it is where we are asked to listen
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
