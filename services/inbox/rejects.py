"""The rejects: records of the inbox that were not taken, as they came, with the reason.

Key, value and headers stay as they are, and these headers are added:

- ``longcase_code``, ``longcase_reason``: why; of a batch, why its first refused event was;
- ``longcase_events``: of a batch, a JSON list of what was refused: ``index``, ``code``, ``reason``;
- ``longcase_topic``, ``longcase_topic_id``, ``longcase_partition``, ``longcase_offset``: which
  record it is; a second one with the same four is a repeat;
- ``longcase_at``: when it was rejected, RFC 3339;
- ``longcase_left_out``: bytes of a value that is too large to be copied; it stays in the inbox
  as long as that is kept.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from typing import Final, NamedTuple

import orjson

from domain.values import rfc3339
from services.bus import Brokers, Message, Publisher, Record, TopicInfo
from services.bus.stretch import reaches, stretch
from services.receipts import Receipt

PREFIX: Final = "longcase_"
PART: Final = 0
"""All rejects stand in one partition, in the order in which they were rejected."""

CARRIED: Final = 1_200_000
"""Bytes of a record that is copied whole; more than Kafka's own default of one batch."""

WINDOW_BYTES: Final = 16 * 1024 * 1024
"""Bytes that are sent before their acknowledgement is waited for, about."""

REASON: Final = 1_000
REASON_OF_EACH: Final = 200
"""Characters of a reason, at most; of each one where a batch has up to 1,000."""

Offsets = dict[int, set[int]]
"""Offsets of records that were rejected already, by partition."""


class Source(NamedTuple):
    """Where a record of the inbox stands."""

    topic: str
    topic_id: str
    part: int


class Rejects:
    """The topic of the rejects; for one thread."""

    def __init__(self, brokers: Brokers, topic: str, info: TopicInfo) -> None:
        """Connect.

        Raises:
            BrokerAway: If no broker answers.
        """
        self._brokers = brokers
        self._topic = topic
        self._publisher = Publisher(brokers, {topic: info})
        self.end = 0
        """Where the rejects ended when that was last known."""

    def rejected_before(self, topic: str, topic_id: str, begins: Iterable[int]) -> Offsets:
        """Find what of a topic was rejected already.

        Args:
            begins: From where on to look, in each of the cases; nothing if there is none.

        Raises:
            BrokerAway: If the brokers do not answer in time.
        """
        begin, self.end = reaches(self._brokers, self._topic, [PART])[PART]
        first = min(begins, default=self.end)
        if first > self.end:  # the rejects were made anew since
            first = begin
        found: Offsets = {}
        for message in stretch(self._brokers, self._topic, PART, max(first, begin), self.end):
            _collect(message, topic, topic_id, found)
        return found

    def publish(self, records: Sequence[Record], stop: Event) -> bool:
        """Send records and wait until all are acknowledged; ``False`` if told to stop.

        Raises:
            Unacknowledged: If one was not taken; make another `Rejects`.
        """
        window: list[Record] = []
        size = 0
        for record in records:
            window.append(record)
            size += len(record.value or b"")
            if size > WINDOW_BYTES:
                if not self._publisher.publish(window, stop):
                    return False
                window, size = [], 0
        if window and not self._publisher.publish(window, stop):
            return False
        self.end = max(self.end, self._publisher.end_of(self._topic, PART))
        return True

    def record(self, source: Source, message: Message, receipts: Sequence[Receipt]) -> Record:
        """Write the record that says why *message* was not taken."""
        now = time.time_ns()
        said = _said(source, message, receipts, datetime.fromtimestamp(now / 1e9, UTC))
        headers = [(name, value or b"") for name, value in message.headers]
        key, value = message.key, message.value
        size = sum(len(name) + len(told) for name, told in headers)
        if size + len(key or b"") + len(value or b"") > CARRIED:
            said.append((f"{PREFIX}left_out", b"%d" % len(value or b"")))
            key, value, headers = b"", None, []
        if key is None and value is None:
            key = b""  # the client sends nothing that has neither
        return Record(self._topic, key, value, headers + said, now // 1_000_000, PART)

    def close(self) -> None:
        """Disconnect."""
        self._publisher.close()


def _said(
    source: Source, message: Message, receipts: Sequence[Receipt], at: datetime
) -> list[tuple[str, bytes]]:
    refused = [(index, told) for index, told in enumerate(receipts) if told.status == "refused"]
    first = refused[0][1]
    reason = (first.reason or "")[:REASON]
    said = {
        "code": first.code or "",
        "reason": reason,
        "topic": source.topic,
        "topic_id": source.topic_id,
        "partition": str(source.part),
        "offset": str(message.offset),
        "at": rfc3339(at),
    }
    headers = [
        (PREFIX + name, text.encode(errors="backslashreplace")) for name, text in said.items()
    ]
    if len(receipts) > 1:
        events = [
            {"index": index, "code": told.code, "reason": (told.reason or "")[:REASON_OF_EACH]}
            for index, told in refused
        ]
        headers.append((f"{PREFIX}events", orjson.dumps(events)))
    return headers


def _collect(message: Message, topic: str, topic_id: str, found: Offsets) -> None:
    """Note which record a reject is of; the last headers are ours."""
    said = dict(message.headers)
    ours = {"topic": topic.encode(), "topic_id": topic_id.encode()}
    if any(said.get(PREFIX + name) != value for name, value in ours.items()):
        return
    with suppress(KeyError, ValueError, TypeError):  # somebody else wrote it
        part = int(said[f"{PREFIX}partition"])
        found.setdefault(part, set()).add(int(said[f"{PREFIX}offset"]))
