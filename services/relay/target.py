"""Where a relay publishes to: the topics as they are now, and how far each partition came."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.bus import (
    Brokers,
    Message,
    TopicInfo,
    TopicRefused,
    describe,
    partition_of,
    read_tails,
)
from services.headers import ForeignRecord, row_of
from services.relay.mark import Saved
from services.store import Log

Place = tuple[str, int]
"""(topic, partition)"""


@dataclass(frozen=True, slots=True)
class Target:
    """The topics of one session.

    Attributes:
        ends: The next offset of each partition when the session began.
        tails: The last position in each partition when the session began.
    """

    topics: Mapping[str, TopicInfo]
    ends: Mapping[Place, int]
    tails: Mapping[Place, int]

    def has(self, topic: str, key: bytes, position: int) -> bool:
        """Say whether an event was there when the session began."""
        return position <= self.tails[topic, partition_of(key, self.topics[topic].partitions)]

    def begin(self, saved: Mapping[str, Saved]) -> int:
        """Say up to which position everything is there."""
        low = min((saved[name].position if name in saved else 0) for name in self.topics)
        return max(low, min(self.tails.values()))


def find_target(brokers: Brokers, names: list[str], saved: Mapping[str, Saved], log: Log) -> Target:
    """Read where the topics end; they must be those that were published to so far.

    Raises:
        TopicRefused: If they are not, or hold what *log* does not.
    """
    topics = describe(brokers, names)
    for name in names:
        if name in saved:
            _compare(name, topics[name], saved[name].topic)
    ends, tails = {}, {}
    for name, info in topics.items():
        for part, (end, last) in read_tails(brokers, name, info.partitions).items():
            ends[name, part], tails[name, part] = end, 0
            if last:
                tails[name, part] = _position(f"{name} partition {part}", last, log)
    return Target(topics, ends, tails)


def _compare(name: str, now: TopicInfo, then: TopicInfo) -> None:
    if now.partitions != then.partitions:
        raise TopicRefused(
            f"{name} has {now.partitions} partitions, and had {then.partitions}: companies would "
            "go elsewhere, out of order"
        )
    if now.topic_id != then.topic_id:
        raise TopicRefused(
            f"{name} was made anew: it is {now.topic_id}, no more {then.topic_id}, and does not "
            "hold what was published; publish everything again"
        )


def _position(where: str, last: Message, log: Log) -> int:
    """Say the position of a tail; it must be what *log* recorded there."""
    try:
        row = row_of(last.key, last.value, last.headers)
    except ForeignRecord as error:
        raise TopicRefused(f"{where} ends with a record that is not ours: {error}") from None
    if row != log.at(row.position):
        raise TopicRefused(
            f"{where} ends with position {row.position}, which is not what this store recorded "
            "there: it is another store's topic, or the store was restored from before"
        )
    return row.position
