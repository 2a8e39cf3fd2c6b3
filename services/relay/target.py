"""Where a relay publishes to: the topics as they are now, and how far each partition came."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.bus import (
    Brokers,
    Message,
    TopicInfo,
    TopicRefused,
    TopicReplaced,
    Topics,
    describe,
    partition_of,
    read_tails,
)
from services.headers import ForeignRecord, key_of, public_place_of, row_of
from services.relay.mark import Saved
from services.store import Log, Row

Place = tuple[str, int]
"""(topic, partition)"""


@dataclass(frozen=True, slots=True)
class Target:
    """The topics of one session.

    Attributes:
        ends: The next offset of each partition when the session began.
        tails: The position up to which each partition had everything of its own when the
            session began: that of its last record, or the topic's mark.  A partition may have
            no record for years, and then only the mark says so.
        highest: The largest of the tails; nothing after it needs a second look.
    """

    topics: Mapping[str, TopicInfo]
    ends: Mapping[Place, int]
    tails: Mapping[Place, int]
    highest: int

    def has(self, topic: str, key: bytes, position: int) -> bool:
        """Say whether an event was there when the session began."""
        if position > self.highest:
            return False
        return position <= self.tails[topic, partition_of(key, self.topics[topic].partitions)]

    def begin(self) -> int:
        """Say up to which position everything is there."""
        return min(self.tails.values())


def relayed_to(topics: Topics) -> list[str]:
    """List the topics that a relay publishes to."""
    return [topics.events, topics.reads, topics.public]


def find_target(brokers: Brokers, topics: Topics, saved: Mapping[str, Saved], log: Log) -> Target:
    """Read where the topics end; they must be those that were published to so far.

    Raises:
        TopicRefused: If they are not, or hold what *log* does not.
    """
    found = describe(brokers, relayed_to(topics))
    for name, now in found.items():
        if name in saved:
            compare(name, now, saved[name].topic)
    ends, tails = {}, {}
    for name, info in found.items():
        low = saved[name].position if name in saved else 0
        for part, (end, last) in read_tails(brokers, name, info.partitions).items():
            ends[name, part], tails[name, part] = end, low
            if last:
                where = f"{name} partition {part}"
                position = _position(where, last, log, is_public=name == topics.public)
                tails[name, part] = max(low, position)
    return Target(found, ends, tails, max(tails.values()))


def compare(name: str, now: TopicInfo, then: TopicInfo) -> None:
    """Say how a topic differs from the one that was published to.

    Raises:
        TopicReplaced: If it is another one.
        TopicRefused: If it was given more partitions.
    """
    if now.topic_id != then.topic_id:
        raise TopicReplaced(name, now.topic_id, then.topic_id)
    if now.partitions != then.partitions:
        raise TopicRefused(
            f"{name} has {now.partitions} partitions, and had {then.partitions}: companies would "
            "go elsewhere, out of order; delete the topic, make it anew (longcase doctor --init) "
            "and publish everything again: longcase relay republish"
        )


def _position(where: str, last: Message, log: Log, *, is_public: bool) -> int:
    """Say the position of a tail; it must be what *log* recorded there."""
    try:
        row = _public(last, log) if is_public else _recorded(last, log)
    except ForeignRecord as error:
        raise TopicRefused(f"{where} ends with a record that is not ours: {error}") from None
    if row is None:
        raise TopicRefused(
            f"{where} ends at offset {last.offset} with what this store did not record: it is "
            "another store's topic, or the store was restored from before"
        )
    return row.position


def _recorded(last: Message, log: Log) -> Row | None:
    row = row_of(last.key, last.value, last.headers)
    return row if row == log.at(row.position) else None


def _public(last: Message, log: Log) -> Row | None:
    """Find a record that does not say its position."""
    row = log.of_public(*public_place_of(last.key, last.headers))
    is_ours = row is not None and (key_of(row), row.state) == (last.key, last.value)
    return row if is_ours else None
