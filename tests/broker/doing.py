"""What users may do on the bus, or not: each by the code that our processes do it with."""

from collections.abc import Callable
from contextlib import closing
from threading import Event
from typing import Final

from services.bus import Brokers, Ends, Follower, Publisher, Record, Topics, describe, read_tails
from services.bus.rights import group_of
from tests.broker.deployed import eventually
from tests.broker.secured import Secured

TOPICS: Final = Topics()
NAMES: Final = ("events", "reads", "public", "inbox", "rejected")
FOLLOWED: Final = {"timeline": "events", "tickets": "events", "inbox": "inbox"}
"""Groups, and the topic of each."""


def topic(name: str) -> str:
    return str(getattr(TOPICS, name))


def look(bus: Secured, brokers: Brokers, name: str) -> None:
    describe(brokers, [topic(name)])
    with closing(Ends(brokers, topic(name))) as ends:
        assert ends.now(1)


def read(bus: Secured, brokers: Brokers, name: str) -> None:
    assert some_are(brokers, name)


def some_are(brokers: Brokers, name: str) -> bool:
    info = describe(brokers, [topic(name)])[topic(name)]
    tails = read_tails(brokers, topic(name), info.partitions)
    return any(tail.last for tail in tails.values())


def write(bus: Secured, brokers: Brokers, name: str, value: bytes = b"{}") -> None:
    record = Record(topic(name), b"acme", value, [], 0)
    with closing(Publisher(brokers, describe(bus.root, [topic(name)]))) as publisher:
        assert publisher.publish([record], Event())


def follow(bus: Secured, brokers: Brokers, group: str) -> None:
    followed, group_id = topic(FOLLOWED[group]), group_of(group, TOPICS)
    with closing(Follower(brokers, followed, group_id, "test")) as follower:
        assert eventually(lambda: follower.poll(1) or follower.assigned())


Doing = Callable[[Secured, Brokers, str], None]
DO: Final[dict[str, Doing]] = {"describe": look, "read": read, "write": write, "follow": follow}
