"""A stretch of a topic: from where to where its partitions reach, and what stands in one."""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, Final, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from services.bus.brokers import Brokers
from services.bus.client import PATIENCE_MS, BrokerAway, client, failure
from services.bus.message import Message, message

SECONDS: Final = 30.0
"""How long the next records of a stretch may take to come."""


class Reach(NamedTuple):
    """What a partition holds: from `begin` on, up to `end`, the offset of the record to come."""

    begin: int
    end: int


def reaches(brokers: Brokers, topic: str, parts: Iterable[int]) -> dict[int, Reach]:
    """Say what each of the partitions holds.

    Raises:
        BrokerAway: If the brokers do not answer in time.
        Barred: If we may not read the topic.
    """
    wanted = [TopicPartition(topic, part) for part in parts]
    if not wanted:
        return {}
    with closing(_consumer(brokers)) as consumer:
        try:
            consumer.assign(wanted)
            begins = consumer.beginning_offsets(wanted, timeout_ms=PATIENCE_MS)
            ends = consumer.end_offsets(wanted, timeout_ms=PATIENCE_MS)
        except KafkaError as error:
            told = f"the ends of {topic} cannot be read"
            raise failure(error, brokers, told, f"DESCRIBE topic {topic}") from None
    return {where.partition: Reach(begins[where], ends[where]) for where in wanted}


def stretch(brokers: Brokers, topic: str, part: int, begin: int, end: int) -> Iterator[Message]:
    """Yield the records of one partition from *begin* on and before *end*.

    Raises:
        BrokerAway: If the brokers do not answer in time.
        Barred: If we may not read the topic.
    """
    if begin >= end:
        return
    where = TopicPartition(topic, part)
    with closing(_consumer(brokers)) as consumer:
        try:
            consumer.assign([where])
            consumer.seek(where, begin)
            until = time.monotonic() + SECONDS
            while consumer.position(where) < end:
                for record in consumer.poll(timeout_ms=100).get(where, ()):
                    until = time.monotonic() + SECONDS
                    if record.offset < end:
                        yield message(record)
                if time.monotonic() > until:
                    raise BrokerAway(f"what {topic} holds does not come")
        except KafkaError as error:
            told = f"{topic} cannot be read"
            raise failure(error, brokers, told, f"READ topic {topic}") from None


def _consumer(brokers: Brokers) -> Any:
    return client(
        KafkaConsumer,
        brokers,
        enable_auto_commit=False,
        auto_offset_reset="none",
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
