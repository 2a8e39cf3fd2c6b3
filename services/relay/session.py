"""One session of a relay: from finding its place until something fails or it is told to stop.

While the brokers write one window, the next one is read and made ready; it is sent once the
first is acknowledged and the lock is still ours.  So a later record of a partition never
succeeds after an earlier one failed.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from threading import Event
from typing import Final, NamedTuple

import structlog

from services.bus import Brokers, Publisher, Record, Topics
from services.failpoints import failpoint
from services.headers import headers_of, key_of, public_headers_of
from services.heartbeat import Pulse
from services.relay.mark import RelayMark
from services.relay.target import Target, find_target
from services.store import Log, Row
from services.wake import Wake

WINDOW: Final = 1_000
"""Events that are sent before their acknowledgement is waited for."""

SOURCE: Final = "longcase"
"""How this deployment is called in ``ce_source``."""

WAITING_SECONDS: Final = 2.0
"""How long acknowledgements may take before the brokers count as away."""

ASKING_SECONDS: Final = 15.0
"""How long it may take to ask brokers that take nothing whether they let us in."""

FINDING_SECONDS: Final = 60.0
"""How long it may take to connect and to read all tails, on a crowded cluster."""

RUNNING: Final = "running"
WAITING: Final = "waiting_for_broker"

Moved = Callable[[int, int], None]
"""(position published up to, events)"""

logger = structlog.get_logger()


class Window(NamedTuple):
    """What is sent at once.

    Attributes:
        last: The position it brings the relay to.
        events: How many events that are.
    """

    last: int
    events: int
    records: Sequence[Record]


class Session:
    """Publishes while the lock is held; for one thread."""

    def __init__(
        self,
        log: Log,
        brokers: Brokers,
        topics: Topics,
        *,
        mark: RelayMark,
        pulse: Pulse,
        moved: Moved,
    ) -> None:
        """Describe where from and where to.

        Args:
            moved: Told of each window that was taken.
        """
        self._log = log
        self._brokers = brokers
        self._topics = topics
        self._mark = mark
        self._pulse = pulse
        self._moved = moved

    def run(self, stop: Event, *, to_the_head: bool = False) -> None:
        """Publish what is recorded as it comes.

        Args:
            to_the_head: End once everything is published.

        Raises:
            TopicRefused: If a topic is not the one that was published to so far.
            BrokerAway: If no broker answers.
            Unacknowledged: If a window was not taken.
        """
        self._pulse.say(WAITING, "connecting", patience=FINDING_SECONDS)
        target = find_target(self._brokers, self._topics, self._mark.saved(), self._log)
        position = target.begin()
        self._mark.save(target.topics, position)
        with ExitStack() as opened:
            publisher = Publisher(self._brokers, target.topics, target.ends, self._waits)
            opened.enter_context(closing(publisher))
            wake = opened.enter_context(closing(Wake(self._log.url)))
            logger.info("relay at work", position=position)
            self._pulse.say(RUNNING)
            self._tell(position, 0)
            window = self._after(position, target)
            while not stop.is_set():
                if window.events:
                    window = self._publish(window, publisher, target, stop)
                elif to_the_head:
                    return
                else:
                    wake.wait(stop)
                    self._pulse.alive()
                    window = self._after(window.last, target)

    def _publish(self, window: Window, publisher: Publisher, target: Target, stop: Event) -> Window:
        """Publish one window; return the next one, which is made ready meanwhile."""
        self._mark.assert_held()
        failpoint("relay.before_send")
        publisher.send(window.records)
        failpoint("relay.after_send")
        following = self._after(window.last, target)
        if not publisher.taken(stop):
            return window
        failpoint("relay.after_acknowledged")
        self._mark.save(target.topics, window.last)
        failpoint("relay.after_mark")
        if self._pulse.state != RUNNING:
            self._pulse.say(RUNNING)
        self._tell(window.last, window.events)
        return following

    def _after(self, position: int, target: Target) -> Window:
        """Read what comes after *position*, and write what the partitions do not have yet."""
        rows = self._log.traced(self._log.after(position, WINDOW))
        records = [record for row in rows for record in self._records(row, target)]
        return Window(rows[-1].position if rows else position, len(rows), records)

    def _records(self, row: Row, target: Target) -> list[Record]:
        key, records = key_of(row), list[Record]()
        # The recorded clock never falls, so that a time finds its offset in the log.
        moment = row.committed_at // 1000
        topics = self._topics
        topic = topics.reads if row.stream_id.startswith("reads/") else topics.events
        headers = headers_of(row, SOURCE)
        if not target.has(topic, key, row.position):
            records.append(Record(topic, key, row.state, headers, moment))
        # What has a public number is what customers may see, and nothing else is.
        if row.public_seq is not None and not target.has(topics.public, key, row.position):
            seen = public_headers_of(headers)
            records.append(Record(topics.public, key, row.state, seen, moment))
        return records

    def _tell(self, position: int, events: int) -> None:
        self._pulse.moved(position, events)
        self._moved(position, events)

    def _waits(self, seconds: float) -> None:
        """Say that acknowledgements do not come."""
        if seconds < WAITING_SECONDS:
            self._pulse.alive()
        else:
            told = f"no acknowledgement for {seconds:.0f} s"
            self._pulse.say(WAITING, told, patience=ASKING_SECONDS)
