"""The ends of a topic's partitions: how much there is to read."""

import threading
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from services.bus.client import PATIENCE_MS, BrokerAway, client
from services.bus.topics import describe


class Ends:
    """Asks for the ends of a topic's partitions; safe to share between threads."""

    def __init__(self, servers: str, topic: str) -> None:
        """Say where to ask; a connection is made when it is first needed."""
        self._servers = servers
        self._topic = topic
        self._parts: list[Any] = []
        self._consumer: Any = None
        self._lock = threading.Lock()

    def now(self) -> dict[int, int]:
        """Read the offset of the record to come, of each partition.

        Raises:
            BrokerAway: If the brokers do not answer.
            TopicMissing: If there is no such topic.
        """
        with self._lock:
            try:
                return self._asked()
            except KafkaError:
                self._disconnect()  # a connection may have died since it was last used
            try:
                return self._asked()
            except KafkaError as error:
                self._disconnect()
                raise BrokerAway(f"the ends of {self._topic} cannot be read: {error}") from None

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            self._disconnect()

    def _asked(self) -> dict[int, int]:
        if self._consumer is None:
            count = describe(self._servers, [self._topic])[self._topic].partitions
            self._parts = [TopicPartition(self._topic, part) for part in range(count)]
            self._consumer = client(
                KafkaConsumer,
                self._servers,
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
            self._consumer.assign(self._parts)
        ends = self._consumer.end_offsets(self._parts, timeout_ms=PATIENCE_MS)
        return {where.partition: end for where, end in ends.items()}

    def _disconnect(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer:
            consumer.close()
