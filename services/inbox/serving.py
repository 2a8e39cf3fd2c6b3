"""The process of the inbox: everything it needs, opened, and opened again after what passes."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from threading import Event
from typing import Final

import structlog
from structlog.contextvars import bound_contextvars

from services.bus import Barred, Follower, InstanceTaken, TopicRefused, Topics, brokers_of, describe
from services.bus.lenient import read_leniently
from services.config import Settings
from services.deployment import Deployment
from services.group.member import Displaced
from services.heartbeat import FAULTED, Pulse
from services.inbox.inbox import Inbox
from services.inbox.mark import InboxMark
from services.inbox.rejects import Rejects
from services.lasting import held_name, lasting
from services.watchdog import Watchdog

PERMANENT: Final = (Barred, Displaced, InstanceTaken)
"""What is not mended by waiting."""

NAME: Final = "inbox"
"""Of its heartbeat."""

LOOK_SECONDS: Final = 1.0
"""Seconds until a topic that is not what it was is looked at again."""

logger = structlog.get_logger()


def serve_inbox(settings: Settings, stop: Event, topics: Topics | None = None) -> None:
    """Take what publishers send by Kafka until *stop* is set.

    Any number of processes may do so: they share the partitions.

    Raises:
        Displaced: If another process is at the same partitions, again and again.
        InstanceTaken: If another process joined the group under this one's name.
        Barred: If the brokers do not let us.
    """
    topics = topics or Topics()
    read_leniently()
    with (
        held_name(settings.home, NAME) as instance,
        bound_contextvars(process=NAME, instance=instance),
        Pulse(settings.store, NAME, instance) as pulse,
    ):

        def session() -> None:
            try:
                with _opened(settings, topics, pulse) as inbox:
                    inbox.run(stop)
            except TopicRefused:  # made anew, or cut: a new session says how, and begins again
                stop.wait(LOOK_SECONDS)

        def waits(error: Exception, seconds: float) -> None:
            pulse.say("waiting", str(error), patience=seconds)

        try:
            lasting(session, stop, PERMANENT, NAME, waits)
        except PERMANENT as error:
            pulse.say(FAULTED, str(error))
            raise


@contextmanager
def _opened(settings: Settings, topics: Topics, pulse: Pulse) -> Iterator[Inbox]:
    """Open everything an inbox needs, and join the group."""
    with ExitStack() as opened:
        deployment = opened.enter_context(Deployment(settings))
        brokers = brokers_of(settings)
        info = describe(brokers, [topics.inbox, topics.rejected])[topics.rejected]
        mark = opened.enter_context(closing(InboxMark(settings.store, topics.inbox)))
        inboxes: list[Inbox] = []
        opened.enter_context(
            Watchdog(
                done=lambda: inboxes[0].signs if inboxes else 0,
                waits=lambda: True,
                answers=lambda: bool(describe(brokers, [topics.inbox, topics.rejected])),
            )
        )
        rejects = opened.enter_context(closing(Rejects(brokers, topics.rejected, info)))
        follower = opened.enter_context(
            closing(Follower(brokers, topics.inbox, topics.inbox, pulse.instance))
        )
        inboxes.append(Inbox(brokers, follower, deployment.desk, mark, rejects, pulse=pulse))
        logger.info("inbox at work", topic=topics.inbox)
        yield inboxes[0]
