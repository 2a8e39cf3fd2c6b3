"""The publisher: a window of records goes to Kafka whole, or is said not to have gone.

Idempotent and acknowledged by all.  After any failure the publisher is dropped and the tails
are read again: nothing later of a partition may succeed once something earlier failed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from threading import Event
from typing import Any, Final, NamedTuple

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.partitioner import Partitioner
from kafka.partitioner.default import murmur2

from services.bus.brokers import Brokers
from services.bus.client import Barred, client, failure, must_be_let_in
from services.bus.topics import TopicInfo, TopicReplaced

FLUSH_SECONDS: Final = 0.5
"""How often a wait for acknowledgements looks whether it shall stop."""

SLOW_SECONDS: Final = 5.0
"""How long an acknowledgement may take before it is said that it is waited for; also how
often it is asked then whether the brokers let us in."""

METADATA_MS: Final = 10_000
"""How long a topic that was made anew may pass for the old one, in milliseconds."""

CLOSE_SECONDS: Final = 5

REQUEST_BYTES: Final = 4 * 1024 * 1024
"""Bytes that are sent at once; a record may be as large as its topic takes."""

logger = structlog.get_logger()


class Unacknowledged(Exception):
    """A window was not taken by the brokers; part of it may have been."""


class Record(NamedTuple):
    """One record to be sent.

    Attributes:
        part: The partition; by the key, if ``None``.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    milliseconds: int
    part: int | None = None


@lru_cache(maxsize=200_000)
def partition_of(key: bytes, partitions: int) -> int:
    """Say where a key belongs, as Kafka's own clients do; kept, as hashing is what costs."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


class _Remembering(Partitioner):
    """Spares the client two copies of its metadata and a hash for every record."""

    def __init__(self, topics: Mapping[str, TopicInfo]) -> None:
        self._topics = topics

    def partition(self, topic: str, key: bytes, *_: Any) -> int:
        """Choose by the key alone."""
        return partition_of(key, self._topics[topic].partitions)


class Publisher:
    """Sends windows of records; for one thread."""

    def __init__(
        self,
        brokers: Brokers,
        topics: Mapping[str, TopicInfo],
        ends: Mapping[tuple[str, int], int] | None = None,
        waits: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Connect.

        Args:
            topics: Where records go, as it was described.
            ends: The next offset of each partition, where it is known.
            waits: Told again and again for how many seconds acknowledgements have not come.

        Raises:
            BrokerAway: If no broker answers.
        """
        self._brokers = brokers
        self._topics = topics
        self._ends = dict(ends or {})
        self._waits = waits
        self._sent: list[Any] = []
        self._producer = client(
            KafkaProducer,
            brokers,
            acks="all",
            enable_idempotence=True,
            partitioner=_Remembering(topics),
            batch_size=256 * 1024,
            max_request_size=REQUEST_BYTES,
            linger_ms=0,  # a window fills its batches while the first ones are on their way
            compression_type="lz4",
            # A batch that was retried and then given up wedges the client for ever.
            delivery_timeout_ms=float("inf"),
            allow_auto_create_topics=False,
            metadata_max_age_ms=METADATA_MS,
            metrics_enabled=False,
        )

    def publish(self, window: Sequence[Record], stop: Event) -> bool:
        """Send a window and wait until all of it is taken; ``False`` if told to stop.

        Raises:
            Unacknowledged: If a record was not taken; drop the publisher.
            TopicReplaced: If a topic was made anew meanwhile.
        """
        self.send(window)
        return self.taken(stop)

    def send(self, window: Sequence[Record]) -> None:
        """Send a window, without waiting for it; the next one may follow once it is `taken`.

        The client takes whatever it is given, however long the brokers are away: windows are
        what keeps its memory bounded.

        Raises:
            Unacknowledged: If a record was not taken; drop the publisher.
        """
        send = self._producer.send
        try:
            self._sent = [
                send(r.topic, r.value, r.key, r.headers, r.part, r.milliseconds) for r in window
            ]
        except KafkaError as error:
            self._must_be_allowed(error)
            raise Unacknowledged(str(error)) from error

    def taken(self, stop: Event) -> bool:
        """Wait until all that was sent is acknowledged; ``False`` if told to stop.

        Raises:
            Unacknowledged: If a record was not taken; drop the publisher.
            TopicReplaced: If a topic was made anew meanwhile.
        """
        try:
            if not self._all_taken(stop):
                return False
        except KafkaError as error:
            self._must_be_allowed(error)
            raise Unacknowledged(str(error)) from error
        for future in self._sent:
            self._acknowledged(future)
        self._must_be_the_same()
        return True

    def end_of(self, topic: str, part: int) -> int:
        """Say where a partition ends, as far as that was seen by sending; 0 if it was not."""
        return self._ends.get((topic, part), 0)

    def close(self) -> None:
        """Leave at once; what is not acknowledged is given up."""
        # A plain close waits for ever for records that cannot be sent, or leaves its thread.
        with suppress(Exception):
            self._producer._sender.force_close()  # noqa: SLF001
        with suppress(Exception):
            self._producer.close(timeout=CLOSE_SECONDS)

    def _all_taken(self, stop: Event) -> bool:
        """Wait for the window's acknowledgements, however long; ``False`` if told to stop."""
        began = looked = time.monotonic()
        is_said = False
        while not self._flushed():
            if stop.is_set():
                return False
            self._waits(time.monotonic() - began)
            if time.monotonic() - looked > SLOW_SECONDS:
                if not is_said:
                    logger.warning("the brokers take nothing; events wait in the store")
                is_said = True
                must_be_let_in(self._brokers)  # the client would wait for ever, and not say why
                looked = time.monotonic()
        if is_said:
            logger.info("the brokers take events again")
        return True

    def _flushed(self) -> bool:
        try:
            self._producer.flush(timeout=FLUSH_SECONDS)
        except KafkaTimeoutError:
            return False
        return True

    def _acknowledged(self, future: Any) -> None:
        if not future.succeeded():
            self._must_be_allowed(future.exception)
            raise Unacknowledged(str(future.exception or "no answer")) from future.exception
        place = future.value
        where = (place.topic, place.partition)
        if place.offset < self._ends.get(where, 0):
            now = f"partition {place.partition} starts again at offset {place.offset}"
            raise TopicReplaced(place.topic, now, self._topics[place.topic].topic_id)
        self._ends[where] = place.offset + 1

    def _must_be_allowed(self, error: object) -> None:
        if isinstance(error, KafkaError):
            right = f"WRITE each of the topics {', '.join(self._topics)}"
            said = failure(error, self._brokers, "events cannot be published", right)
            if isinstance(said, Barred):
                raise said from None

    def _must_be_the_same(self) -> None:
        for name, info in self._topics.items():
            # The client reads the ids with its metadata and shows them nowhere else.
            found = self._producer._metadata.topic_id(name)  # noqa: SLF001
            if found is not None and str(found) != info.topic_id:
                raise TopicReplaced(name, str(found), info.topic_id)
