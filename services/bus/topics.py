"""Topics: their names, what they are made with, and which incarnation is there now."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kafka import KafkaAdminClient
from kafka.errors import (
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from services.bus.brokers import Brokers
from services.bus.client import PATIENCE_MS, client, failure

PARTITIONS: Final = 12
"""For good: another number would send companies elsewhere, out of order."""

COPIES: Final = 3
"""Of each record, where there are as many brokers."""

WEEK_MS: Final = 7 * 24 * 3600 * 1000

KEPT: Final = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "compression.type": "lz4",
}
"""Kept for ever, and never compacted: the key is the company, whose history would go.  Brokers
write in the relay's own codec what anybody sends in one that not all of our clients can read."""

PASSING: Final = {"cleanup.policy": "delete", "retention.ms": str(WEEK_MS)}

READABLE: Final = {**PASSING, "compression.type": "uncompressed"}
"""Whatever codec a publisher chose, it can be read, and is as large as it looks."""

ROOMY: Final = {**PASSING, "max.message.bytes": str(2 * 1024 * 1024)}
"""A reject is a record of the largest kind, and the reason."""


class TopicMissing(Exception):
    """A topic is not there; `create_topics` makes it."""


class TopicRefused(Exception):
    """A topic is not what it was: going on would lose events or bring them out of order."""


class TopicReplaced(TopicRefused):
    """A topic was deleted and made anew, and does not hold what was published to it."""

    def __init__(self, topic: str, now: str, then: str) -> None:
        super().__init__(
            f"{topic} was made anew: it is {now}, no more {then}, and does not hold what was "
            "published; publish everything again: longcase relay republish"
        )


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of all topics of one deployment."""

    prefix: str = "longcase"

    @property
    def events(self) -> str:
        """All events but the read audit; key = company, or else stream."""
        return f"{self.prefix}.events"

    @property
    def reads(self) -> str:
        """The read audit."""
        return f"{self.prefix}.reads"

    @property
    def public(self) -> str:
        """What a customer may see."""
        return f"{self.prefix}.public"

    @property
    def inbox(self) -> str:
        """CloudEvents that publishers send."""
        return f"{self.prefix}.inbox"

    @property
    def rejected(self) -> str:
        """What of the inbox was refused or unreadable, with the reason."""
        return f"{self.prefix}.inbox.rejected"


class TopicInfo(NamedTuple):
    """One incarnation of a topic: a topic that was deleted and made anew has another id."""

    topic_id: str
    partitions: int


def create_topics(
    brokers: Brokers, partitions: int = PARTITIONS, topics: Topics | None = None
) -> dict[str, TopicInfo]:
    """Make the topics that are not there, and say what all of them are now.

    Those that are there stay as they are, whatever their number of partitions.

    Args:
        partitions: Of each topic but that of the rejects, which has one.

    Raises:
        BrokerAway: If no broker answers.
        Barred: If we may not make them.
    """
    topics = topics or Topics()
    wanted = {
        topics.events: (partitions, KEPT),
        topics.reads: (partitions, KEPT),
        topics.public: (partitions, KEPT),
        topics.inbox: (partitions, READABLE),
        topics.rejected: (1, ROOMY),
    }
    with _admin(brokers) as admin:
        copies = min(COPIES, len(admin.describe_cluster()["brokers"]))
        answer = admin.create_topics(
            {
                name: {
                    "num_partitions": count,
                    "replication_factor": copies,
                    "configs": {**kept, "min.insync.replicas": str(min(2, copies))},
                }
                for name, (count, kept) in wanted.items()
            },
            raise_errors=False,
        )
        for topic in answer["topics"]:
            name, code = topic["name"], topic["error_code"]
            if code == TopicAuthorizationFailedError.errno:
                right = f"CREATE topic {name}"
                raise failure(for_code(code)(), brokers, f"{name} cannot be made", right)
            if code not in (0, TopicAlreadyExistsError.errno):
                raise TopicRefused(f"{name} cannot be made: {topic['error_message']}")
        admin.wait_for_topics(list(wanted))
        return _described(admin, brokers, wanted)


def describe(brokers: Brokers, names: Iterable[str]) -> dict[str, TopicInfo]:
    """Say which incarnation of each topic is there.

    Raises:
        BrokerAway: If no broker answers.
        Barred: If we may not know.
        TopicMissing: If one is not there.
    """
    with _admin(brokers) as admin:
        return _described(admin, brokers, names)


def _described(admin: Any, brokers: Brokers, names: Iterable[str]) -> dict[str, TopicInfo]:
    found = {}
    for topic in admin.describe_topics(list(names)):
        if topic["error_code"] == UnknownTopicOrPartitionError.errno:
            raise TopicMissing(f"there is no topic {topic['name']}")
        if topic["error_code"]:
            name, error = topic["name"], for_code(topic["error_code"])()
            raise failure(
                error, brokers, f"{name} is not there to be seen", f"DESCRIBE topic {name}"
            )
        found[topic["name"]] = TopicInfo(str(topic["topic_id"]), len(topic["partitions"]))
    return found


@contextmanager
def _admin(brokers: Brokers) -> Iterator[Any]:
    admin = client(KafkaAdminClient, brokers, request_timeout_ms=PATIENCE_MS)
    try:
        yield admin
    except KafkaError as error:
        raise failure(error, brokers) from None
    finally:
        admin.close()
