"""Serving HTTP from this process: the socket first, so that a taken port is told at once."""

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING, Final

from services.cli.errors import Unreachable
from services.config import Settings
from services.deployment import Deployment

if TYPE_CHECKING:
    from uvicorn import Server

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


def server_of(deployment: Deployment) -> "Server":
    """Make the server of the API and the pages, all of it imported."""
    import uvicorn

    from services.api.app import create_app

    config = uvicorn.Config(
        create_app(deployment),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    return uvicorn.Server(config)


@contextmanager
def stopped_by_ctrl_c() -> Iterator[None]:
    """Take Ctrl-C, and SIGTERM, as the way to end; what was opened inside is closed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def until_told() -> Iterator[Event]:
    """Give an event that SIGTERM and Ctrl-C set; Ctrl-C once more does not wait for it."""
    stop = Event()

    def told(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
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
