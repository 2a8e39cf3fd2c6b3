"""Publishing everything again, after a topic was lost and made anew.

Promise: the topics as they are now are taken as the right ones, under the relay's own lock,
and filled from the store.  A kill leaves marks and tails from which the same command goes on,
or the relay does.  Read models that were built from the lost topic begin the new one, and drop
what they know.
"""

from collections.abc import Callable
from contextlib import closing
from threading import Event
from typing import Final, NamedTuple

from services.bus import Brokers, TopicInfo, TopicReplaced, Topics, describe
from services.heartbeat import Pulse, this_instance
from services.relay.mark import RelayMark, holder
from services.relay.relay import NAME
from services.relay.session import Session
from services.relay.target import compare, relayed_to
from services.store import Log

Progress = Callable[[int, int], None]

PATIENCE_SECONDS: Final = 3.0
"""How long a relay that is at work, or looks in vain again and again, may hold the lock."""


class RelayAtWork(Exception):
    """The relay holds the lock; it must be stopped first."""


class Republished(NamedTuple):
    """What was done.

    Attributes:
        accepted: The topics that are taken as the right ones from now on.
        events: How many events were published.
        position: Up to which position everything is on the bus.
    """

    accepted: list[str]
    events: int
    position: int


def republish(
    store: str, brokers: Brokers, topics: Topics, progress: Progress = lambda _done, _head: None
) -> Republished:
    """Accept the topics as they are, and publish what is not on them.

    Args:
        progress: Told the position that was reached, and the one to reach.

    Raises:
        RelayAtWork: If a relay holds the lock.
        TopicRefused: If a topic was given more partitions, or holds what is not ours.
        TopicMissing: If a topic is not there.
        BrokerAway: If no broker answers.
    """
    events = 0

    def counted(position: int, count: int) -> None:
        nonlocal events
        events += count
        progress(position, log.head())

    stop = Event()
    with closing(RelayMark(store)) as mark, closing(Log(store)) as log:
        with mark.held(stop, f"{this_instance()} republish", PATIENCE_SECONDS) as held:
            if not held:
                who = holder(mark.database) or "unknown"
                raise RelayAtWork(f"a relay is at work, {who}: stop it first, then republish")
            accepted = replaced(brokers, topics, mark)
            mark.accept(accepted)
            with Pulse(store, NAME) as pulse:
                session = Session(log, brokers, topics, mark=mark, pulse=pulse, moved=counted)
                session.run(stop, to_the_head=True)
        return Republished(sorted(accepted), events, log.head())


def replaced(brokers: Brokers, topics: Topics, mark: RelayMark) -> dict[str, TopicInfo]:
    """List the topics that are not those that were published to so far.

    Raises:
        TopicRefused: If one is, and was given more partitions.
    """
    saved, found = mark.saved(), {}
    for name, now in describe(brokers, relayed_to(topics)).items():
        try:
            if name in saved:
                compare(name, now, saved[name].topic)
        except TopicReplaced:
            found[name] = now
    return found
