"""A follower: one member of a consumer group, which begins where it is told and nowhere else.

Positions are the caller's: committed offsets are not used.  A partition that is assigned is
held back until `begin` says from where to read it.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import (
    FencedInstanceIdError,
    KafkaError,
    LogTruncationError,
    OffsetOutOfRangeError,
)
from kafka.structs import MemberState

from services.bus.brokers import Brokers
from services.bus.client import PATIENCE_MS, BrokerAway, client, failure
from services.bus.message import Message, message
from services.bus.publisher import METADATA_MS
from services.bus.topics import TopicRefused, TopicReplaced, describe

SESSION_MS: Final = 10_000
"""How long a member may be silent until others take its partitions."""

SETTLE_SECONDS: Final = 30.0
"""How long a group may share its partitions out; the client may forget that it was asked to."""

POLL_MS: Final = 100
"""How long a look for records lasts; also how soon a new partition is begun."""


class InstanceTaken(Exception):
    """Another process joined the group under this one's name, and has its partitions now."""


class Follower:
    """Reads the partitions of a topic that its group gives to it; for one thread."""

    def __init__(self, brokers: Brokers, topic: str, group: str, instance: str) -> None:
        """Join a group.

        Args:
            instance: Stays the same over restarts, and no two that run share one; then a
                restart costs no rebalance.

        Raises:
            BrokerAway: If no broker answers.
            Barred: If we may not read the topic.
            TopicMissing: If there is no such topic.
        """
        self.topic = topic
        self._brokers = brokers
        self._right = f"READ topic {topic} and READ group {group}"
        self.topic_id, self.partitions = describe(brokers, [topic])[topic]
        self._consumer = client(
            KafkaConsumer,
            brokers,
            group_id=group,
            # Who returns under its name is given what it had, which another topic may not have.
            group_instance_id=f"{instance}-{self.topic_id[:8]}",
            enable_auto_commit=False,
            auto_offset_reset="none",
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=SESSION_MS,
            allow_auto_create_topics=False,
            metadata_max_age_ms=METADATA_MS,
            metrics_enabled=False,
        )
        self._held = _Held(self._consumer)
        self._settled = time.monotonic()
        self._consumer.subscribe([topic], listener=self._held)
        # A member that joins before it knows the partitions joins again once it does, and
        # that second time is lost for ever if a poll ends in the middle of it.
        self._consumer.partitions_for_topic(topic)

    @property
    def waits(self) -> bool:
        """Whether partitions wait to be begun."""
        return self._held.changed.is_set()

    def assigned(self) -> set[int]:
        """List the partitions that are ours now, before `begin`."""
        self._held.changed.clear()
        return {where.partition for where in self._consumer.assignment()}

    def begin(self, offsets: Mapping[int, int]) -> None:
        """Read each partition from the given offset on."""
        for part, offset in offsets.items():
            where = TopicPartition(self.topic, part)
            try:
                self._consumer.seek(where, offset)
                self._consumer.resume(where)
            except (ValueError, KeyError):
                self._held.changed.set()  # it was taken from us just now

    def offsets_at(self, parts: Iterable[int], milliseconds: int) -> dict[int, int]:
        """Find, in each partition, the first record of a time or later; its end, if none is.

        Args:
            milliseconds: Since 1970; of records that carry a time that never falls.

        Raises:
            BrokerAway: If the brokers do not answer.
        """
        places = [TopicPartition(self.topic, part) for part in parts]
        try:
            # The ends first: what comes between the two questions must not be passed over.
            ends = self._consumer.end_offsets(places, timeout_ms=PATIENCE_MS)
            times = dict.fromkeys(places, milliseconds)
            found = self._consumer.offsets_for_times(times, timeout_ms=PATIENCE_MS)
        except KafkaError as error:
            told = f"{self.topic} cannot be searched"
            raise failure(error, self._brokers, told, self._right) from None
        return {
            place.partition: found[place].offset if found.get(place) else ends[place]
            for place in places
        }

    def rest(self) -> None:
        """Read nothing for a moment; every partition waits to be begun afterwards.

        Raises:
            InstanceTaken: If another process joined under the same name.
            BrokerAway: If the group cannot be followed now; make another follower.
        """
        self._consumer.pause(*self._consumer.assignment())
        self._held.changed.set()
        self.poll(1)

    def poll(self, limit: int) -> dict[int, list[Message]]:
        """Read at most *limit* records, of the partitions that were begun.

        Raises:
            TopicRefused: If the topic was made anew, or its log does not hold the offset.
            InstanceTaken: If another process joined under the same name.
            BrokerAway: If the group cannot be followed now; make another follower.
            Barred: If we may not read the topic, or not as this group.
        """
        try:
            found = self._consumer.poll(timeout_ms=POLL_MS, max_records=limit)
        except (OffsetOutOfRangeError, LogTruncationError) as error:
            raise TopicRefused(f"{self.topic} does not hold what comes next: {error}") from None
        except FencedInstanceIdError as error:
            raise InstanceTaken(str(error)) from None
        except KafkaError as error:
            told = f"{self.topic} cannot be followed"
            raise failure(error, self._brokers, told, self._right) from None
        # The client reads the id with its metadata and shows it nowhere else.
        topic_id = self._consumer._cluster.topic_id(self.topic)  # noqa: SLF001
        if topic_id is not None and str(topic_id) != self.topic_id:
            raise TopicReplaced(self.topic, str(topic_id), self.topic_id)
        self._must_settle()
        return {
            where.partition: [message(record) for record in records]
            for where, records in found.items()
        }

    def close(self) -> None:
        """Leave; a static member's partitions wait for its return until the session ends."""
        self._consumer.close(timeout_ms=PATIENCE_MS)

    def _must_settle(self) -> None:
        if self._consumer.group_metadata().state is MemberState.STABLE:
            self._settled = time.monotonic()
        elif time.monotonic() - self._settled > SETTLE_SECONDS:
            raise BrokerAway(f"the group does not settle within {SETTLE_SECONDS:.0f} s")


class _Held(ConsumerRebalanceListener):
    """Holds what is assigned back, and says so.

    It runs on the client's own thread, which also keeps the session alive: no database is
    asked here, and nothing may fail, for the next poll would read without our offsets.
    """

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self.changed = threading.Event()

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Do nothing: what was folded is committed, and what is folded now is fenced."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        """Hold them all back, also those that were ours before."""
        for where in assigned:
            self._consumer.pause(where)
            self._consumer.seek(where, 0)  # the client insists on one
        self.changed.set()
