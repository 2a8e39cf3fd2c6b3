"""The ends of a topic's partitions: how much there is to read."""

import threading
import time
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from services.bus.brokers import Brokers
from services.bus.client import PATIENCE_MS, Barred, client, failure

CONNECT_MS: Final = 1_000.0
"""How long a connection may take at least, however short the patience of who asks."""


class Ends:
    """Asks for the ends of a topic's partitions; safe to share between threads."""

    def __init__(self, brokers: Brokers, topic: str) -> None:
        """Say where to ask; a connection is made when it is first needed."""
        self._brokers = brokers
        self._topic = topic
        self._consumer: Any = None
        self._lock = threading.Lock()

    def now(self, partitions: int, seconds: float = PATIENCE_MS / 1000) -> dict[int, int]:
        """Read the offset of the record to come, of each partition.

        Raises:
            BrokerAway: If the brokers do not answer in time.
            Barred: If we may not know.
        """
        until = time.monotonic() + seconds
        with self._lock:
            while True:
                patience_ms = max(1.0, (until - time.monotonic()) * 1000)
                try:
                    return self._asked(partitions, patience_ms)
                except KafkaError as error:
                    self._disconnect()  # it may have died since it was last used
                    said = failure(
                        error,
                        self._brokers,
                        f"the ends of {self._topic} cannot be read",
                        f"DESCRIBE topic {self._topic}",
                    )
                    if isinstance(said, Barred) or time.monotonic() > until:
                        raise said from None

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            self._disconnect()

    def _asked(self, partitions: int, patience_ms: float) -> dict[int, int]:
        parts = [TopicPartition(self._topic, part) for part in range(partitions)]
        if self._consumer is None:
            self._consumer = client(
                KafkaConsumer,
                self._brokers,
                patience_ms=max(patience_ms, CONNECT_MS),
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
            self._consumer.assign(parts)
        try:
            ends = self._consumer.end_offsets(parts, timeout_ms=patience_ms)
        except KeyError as error:  # as the client says of a partition that it does not know yet
            raise UnknownTopicOrPartitionError(str(error)) from None
        return {where.partition: end for where, end in ends.items()}

    def _disconnect(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer:
            consumer.close()
