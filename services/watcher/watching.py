"""The process of the watchers: everything they need, opened, and opened again after what passes."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from structlog.contextvars import bound_contextvars

from services.config import Settings
from services.deployment import Deployment
from services.heartbeat import Pulse
from services.lasting import lasting
from services.watcher.duplicates import DUPLICATES
from services.watcher.watch import Watch
from services.watcher.watchers import Watcher

if TYPE_CHECKING:
    from services.bus import Topics

NAME: Final = "watcher"
"""Of its heartbeat."""

WATCHERS: Final[tuple[Watcher, ...]] = (DUPLICATES,)

GRACE_SECONDS: Final = 10.0
"""How long a watcher may take to finish what it is at."""


def serve_watcher(settings: Settings, stop: Event, topics: "Topics | None" = None) -> None:
    """Record what follows from what is recorded, until *stop* is set.

    One process of a store does so at a time; others wait for its end.
    """
    with bound_contextvars(process=NAME), Pulse(settings.store, NAME) as pulse:

        def session() -> None:
            with Deployment(settings, topics) as deployment:
                deployment.catch_up()
                Watch(deployment, WATCHERS, pulse).run(stop)

        def waits(error: Exception, seconds: float) -> None:
            pulse.say("waiting", str(error), patience=seconds)

        lasting(session, stop, (), NAME, waits)


@contextmanager
def watch_beside(deployment: Deployment) -> Iterator[None]:
    """Watch from a thread of this process while the block runs."""
    stop = Event()

    def watch() -> None:
        lasting(lambda: Watch(deployment, WATCHERS).run(stop), stop, (), NAME)

    thread = Thread(target=watch, name=NAME, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(GRACE_SECONDS)
