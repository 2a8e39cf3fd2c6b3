"""The processes of the distributed system, each run with settings until it is told to stop.

What passes (brokers, databases away) is waited for, and said once.  What does not pass, such
as a topic made anew or an event that cannot be folded, ends the process with its reason.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from threading import Event
from typing import Final

import structlog
from structlog.contextvars import bound_contextvars

from domain.errors import Refused
from projections.projection import Projection
from services.bus import (
    Barred,
    Brokers,
    Follower,
    InstanceTaken,
    TopicRefused,
    Topics,
    brokers_of,
    describe,
)
from services.bus.lenient import read_leniently
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.control import Control, Keyring
from services.decisions import Decisions
from services.feed import StoreFeed
from services.folding import Folder
from services.group.feed import KafkaFeed
from services.group.member import Displaced, Member
from services.group.sequences import Lost
from services.heartbeat import FAULTED, Pulse
from services.lasting import held_name, lasting
from services.parking import ParkingFull
from services.projector import history_of, worker_of
from services.readmodel import ReadModels
from services.rebuild import NotBetter, Rebuilder, bring_to_version
from services.relay import Relay
from services.store import Log
from services.watchdog import Watchdog

PERMANENT: Final = (
    Barred, Displaced, InstanceTaken, Lost, NotBetter, ParkingFull, Refused, TopicRefused,
)  # fmt: skip
"""What is not mended by waiting."""

logger = structlog.get_logger()


def serve_relay(settings: Settings, stop: Event, topics: Topics | None = None) -> None:
    """Publish the store's log until *stop* is set.

    Raises:
        TopicRefused: If a topic is not the one that was published to so far.
        Barred: If the brokers do not let us in, or not do our work.
    """
    with bound_contextvars(process="relay"):
        Relay(settings.store, brokers_of(settings), topics).run(stop)


def serve_projector(
    settings: Settings, name: str, stop: Event, topics: Topics | None = None
) -> None:
    """Fold what Kafka brings into one projection's read model until *stop* is set.

    Any number of processes may do so for one projection: they share its partitions.

    Raises:
        KeyError: If there is no projection of this name.
        TopicRefused: If the topic is not the one the read model was built from.
        ParkingFull: If too many events cannot be folded.
        NotBetter: If a new version of the projection cannot fold what the last one could.
        Displaced: If another process is at the same partitions, again and again.
        InstanceTaken: If another process joined the group under this one's name.
        Barred: If the brokers do not let us in, or not do our work.
    """
    projection, brokers, topics = PROJECTIONS[name], brokers_of(settings), topics or Topics()
    read_leniently()
    with (
        held_name(settings.home, f"projector-{name}") as instance,
        bound_contextvars(process="projector", projection=name, instance=instance),
        Pulse(settings.read_models, worker_of(projection), instance) as pulse,
    ):

        def session() -> None:
            try:
                with _member(settings, brokers, projection, topics, pulse) as member:
                    member.run(stop)
            except PERMANENT as error:
                pulse.say(FAULTED, str(error))
                raise

        def waits(error: Exception, seconds: float) -> None:
            pulse.say("waiting", str(error), patience=seconds)

        lasting(session, stop, PERMANENT, f"projector {name}", waits)


@contextmanager
def _member(
    settings: Settings, brokers: Brokers, projection: Projection, topics: Topics, pulse: Pulse
) -> Iterator[Member]:
    """Open everything a member needs, and join the group."""
    with ExitStack() as opened:
        control = opened.enter_context(closing(Control(settings.control)))
        models = opened.enter_context(closing(ReadModels(settings.read_models)))
        log = opened.enter_context(closing(Log(settings.store)))
        keyring = Keyring(control)
        decisions = Decisions(control)
        from_store = StoreFeed(log, keyring)
        rebuilder = Rebuilder(from_store, models, decisions, log.head)
        bring_to_version(projection, rebuilder, models, lambda *_: pulse.alive())
        members: list[Member] = []
        opened.enter_context(
            Watchdog(
                done=lambda: members[0].turns if members else 0,
                waits=lambda: True,
                answers=lambda: bool(describe(brokers, [topics.events])),
            )
        )
        group = f"{topics.prefix}.{projection.name}"
        follower = Follower(brokers, topics.events, group, pulse.instance)
        opened.callback(follower.close)
        feed = KafkaFeed(follower, models, log, keyring)
        folder = Folder(models, decisions, feed.save)
        history = history_of(from_store, decisions, projection)
        members.append(Member(projection, feed, folder, history, keyring, pulse=pulse))
        logger.info("projector at work")
        yield members[0]
