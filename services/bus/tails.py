"""Tails: the last record of each partition, which says how far a relay came."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from services.bus.brokers import Brokers
from services.bus.client import PATIENCE_MS, BrokerAway, client, failure
from services.bus.message import Message, message

STEPS: Final = (1, 4, 16, 64, 256)
"""How far back from the end to look: markers of transactions hide what is behind them."""

SECONDS: Final = 20.0
"""How long reading all tails of a topic may take."""


class Tail(NamedTuple):
    """The end of one partition.

    Attributes:
        end: The offset of the record to come.
        last: The last record; ``None`` if there is none.
    """

    end: int
    last: Message | None


def read_tails(brokers: Brokers, topic: str, partitions: int) -> dict[int, Tail]:
    """Read the last record of each partition of a topic.

    Raises:
        BrokerAway: If the brokers do not answer in time.
        Barred: If we may not read the topic.
    """
    wanted = [TopicPartition(topic, part) for part in range(partitions)]
    consumer = client(
        KafkaConsumer,
        brokers,
        enable_auto_commit=False,
        auto_offset_reset="none",
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    with closing(consumer):
        try:
            consumer.assign(wanted)
            ends = consumer.end_offsets(wanted, timeout_ms=PATIENCE_MS)
            begins = consumer.beginning_offsets(wanted, timeout_ms=PATIENCE_MS)
            found = _last(consumer, begins, ends)
        except KafkaError as error:
            told = f"the tails of {topic} cannot be read"
            raise failure(error, brokers, told, f"READ topic {topic}") from None
    return {where.partition: Tail(ends[where], found.get(where)) for where in wanted}


def _last(consumer: Any, begins: dict[Any, int], ends: dict[Any, int]) -> dict[Any, Message]:
    found: dict[Any, Message] = {}
    missing = {where for where in ends if begins[where] < ends[where]}
    until = time.monotonic() + SECONDS
    for step in STEPS:
        consumer.pause(*(ends.keys() - missing))
        for where, end in ends.items():
            consumer.seek(where, max(begins[where], end - step))
        for record in _read_to_end(consumer, missing, ends, until):
            found[TopicPartition(record.topic, record.partition)] = message(record)
        missing -= found.keys()
        if not missing:
            break
    return found


def _read_to_end(
    consumer: Any, wanted: set[Any], ends: dict[Any, int], until: float
) -> Iterator[Any]:
    while any(consumer.position(where) < ends[where] for where in wanted):
        if time.monotonic() > until:
            raise BrokerAway("the ends of the partitions do not come")
        for records in consumer.poll(timeout_ms=100).values():
            yield from records
