"""`longcase run`: everything on this machine, in one process; or over a real Kafka."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, Literal

from services.cli import local
from services.cli.kinds import Port
from services.cli.show import line, note

if TYPE_CHECKING:
    from services.config import Settings
    from services.deployment import Deployment

KEY: Final = "local-sign-in"
"""The name of the key in the sign-in link; only the newest one is valid."""


def run(
    *,
    sample: bool = False,
    port: Port = None,
    bus: Literal["kafka"] | None = None,
    no_progress: bool = False,
) -> None:
    """Run everything here, and print a link to sign in with.

    Embedded, that is one process: SQLite, the projections, the watchers, the API and the pages.
    Over Kafka,
    a broker is started, and a relay, an inbox, a watcher and one process for each projection
    beside this one.

    Args:
        sample: Load the sample history first, what of it is not there yet.
        port: The port to serve on; LONGCASE_PORT, if not given.
        bus: Run over a real Kafka: the one LONGCASE_KAFKA names, else one started here.
        no_progress: Show no progress bars.
    """
    shown = not no_progress
    settings = local.settings()
    from services.cli.serving import address, listening, server_of, stopped_by_ctrl_c
    from services.deployment import Deployment

    _log_quietly()
    with stopped_by_ctrl_c(), ExitStack() as opened:
        listener = opened.enter_context(
            listening(settings.host, settings.port if port is None else port)
        )
        if bus and not settings.kafka:
            settings = opened.enter_context(_own_kafka(settings))
        deployment = opened.enter_context(Deployment(settings))
        _prepare(deployment, sample=sample, shown=shown)
        if settings.kafka:
            opened.enter_context(_processes(settings))
        server = server_of(deployment)
        _welcome(deployment, address(settings, listener))
        server.run(sockets=[listener])
    note("stopped; everything is kept")


def _log_quietly() -> None:
    import logging

    from services.logs import configure

    configure(logging.WARNING)


@contextmanager
def _own_kafka(settings: "Settings") -> "Iterator[Settings]":
    """Run a broker of this machine, and end it if it did not run before."""
    from services import stack

    ran_before = any(part.running for part in stack.status(settings.home))
    note("starting Kafka; the first time this takes a minute")
    try:
        running = stack.up(settings.home, postgres=False)
        yield settings.model_copy(update={"kafka": running.kafka})
    finally:
        if not ran_before:
            note("ending Kafka")
            stack.down(settings.home)


def _prepare(deployment: "Deployment", *, sample: bool, shown: bool) -> None:
    """Bring in the sample if asked, and the read models up to date."""
    if sample:
        from services.cli.sample import load

        load(deployment, shown=shown)
    if deployment.is_embedded:
        _take_back(deployment, shown=shown)
        local.catch_up(deployment, shown=shown)


def _take_back(deployment: "Deployment", *, shown: bool) -> None:
    """Build anew what followed Kafka the last time, so that it follows the store."""
    from services.catalogue import PROJECTIONS
    from services.cli.progress import progress
    from services.projector import FollowsKafka

    try:
        deployment.projector.catch_up(upto=0)
    except FollowsKafka:
        for projection in PROJECTIONS.values():
            with progress(f"Building {projection.name}", "events", shown=shown) as tick:
                deployment.rebuilder.rebuild(projection, tick)


def _processes(settings: "Settings") -> "AbstractContextManager[None]":
    """Run the relay, the inbox, the watcher, and a projector for each projection."""
    from services.bus import brokers_of, create_topics
    from services.catalogue import PROJECTIONS
    from services.cli.children import running

    create_topics(brokers_of(settings))
    projectors = [("serve", "projector", name) for name in PROJECTIONS]
    single = [("serve", name) for name in ("relay", "inbox", "watcher")]
    return running([*single, *projectors], settings)


def _welcome(deployment: "Deployment", address: str) -> None:
    deployment.keys.revoke(KEY)
    key = deployment.keys.create(KEY, "auditor", days=1)
    if deployment.settings.kafka:
        line(f"Events travel over Kafka at {deployment.settings.kafka}.")
    line(f"longcase is at {address}")
    line("")
    line(f"  Sign in:  {address}/signin?key={key}")
    line("")
    line("Whoever has the link may read everything, for a day.  Ctrl-C ends.")
    sys.stdout.flush()
