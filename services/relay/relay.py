"""The relay: the store's log → Kafka, in order, each event as the bytes that were recorded.

Promise: everything recorded is published, a later event of a partition never without the
earlier ones; first occurrences come in order.  One relay of a store is at work at a time.  A
kill costs nothing: the next one finds its place again from the last record of each partition.
While the brokers are away events wait in the store, and nothing else does.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from threading import Event
from typing import Final

import structlog

from services.bus import Brokers, Publisher, Record, TopicRefused, Topics, describe
from services.headers import headers_of, key_of
from services.relay.mark import RelayMark
from services.relay.target import Target, find_target
from services.store import Log, Row
from services.watchdog import PATIENCE, Watchdog, leave

WINDOW: Final = 1_000
"""Events that are sent before their acknowledgement is waited for."""

LOOK_SECONDS: Final = 0.02
"""Seconds between looks at the log while nothing is recorded."""

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 5.0
"""Seconds until another attempt after a failure; they double."""

logger = structlog.get_logger()


class Relay:
    """Publishes one store's log."""

    def __init__(
        self,
        store: str,
        brokers: Brokers,
        topics: Topics | None = None,
        *,
        source: str = "longcase",
        patience: float = PATIENCE,
        stuck: Callable[[], None] = leave,
    ) -> None:
        """Describe where from and where to; `run` does it.

        Args:
            store: URL of the event store.
            source: Names this deployment in ``ce_source``.
            patience: Seconds until a client that hangs counts as stuck.
            stuck: What to do then; by default the process ends with code 75.
        """
        self._store = store
        self._log = Log(store)
        self._brokers = brokers
        self._topics = topics or Topics()
        self._source = source
        self._watchdog = Watchdog(self._done, self._waits, self._answers, stuck, patience)
        self._position: int | None = None
        self._windows = 0
        self._away = False

    def run(self, stop: Event) -> None:
        """Publish what is recorded as it comes, until *stop* is set.

        Raises:
            TopicRefused: If a topic is not the one that was published to so far.
        """
        wait = FIRST_WAIT
        with self._watchdog:
            while not stop.is_set():
                before = self._windows
                try:
                    self._session(stop)
                except TopicRefused:
                    raise
                except Exception as error:  # noqa: BLE001  brokers and databases fail in many ways
                    wait = FIRST_WAIT if self._windows > before else min(wait * 2, LONGEST_WAIT)
                    self._say_away(error)
                    stop.wait(wait)
                finally:
                    self._position = None
                    self._log.close()

    def _session(self, stop: Event) -> None:
        """Publish until stopped or until something fails; then all is begun anew."""
        with closing(RelayMark(self._store)) as mark, mark.held(stop) as held:
            if not held:
                return
            self._position = 0  # from here on the watchdog looks
            saved = mark.saved()
            names = [self._topics.events, self._topics.reads]
            target = find_target(self._brokers, names, saved, self._log)
            position = target.begin(saved)
            mark.save(target.topics, position)
            logger.info("relay at work", position=position)
            with closing(Publisher(self._brokers, target.topics, target.ends)) as publisher:
                while not stop.is_set():
                    position = self._window(publisher, mark, target, position, stop)

    def _window(
        self, publisher: Publisher, mark: RelayMark, target: Target, position: int, stop: Event
    ) -> int:
        """Publish what comes after *position*; say how far that was."""
        self._position = position
        rows = self._log.after(position, WINDOW)
        if not rows:
            stop.wait(LOOK_SECONDS)
            return position
        mark.assert_held()
        if not publisher.publish(self._records(rows, target), stop):
            return position
        position = rows[-1].position
        mark.save(target.topics, position)
        self._windows += 1
        self._say_back(position)
        return position

    def _records(self, rows: Sequence[Row], target: Target) -> list[Record]:
        """Write what the partitions do not have yet."""
        records = []
        for row in rows:
            key = key_of(row)
            of_reads = row.stream_id.startswith("reads/")
            topic = self._topics.reads if of_reads else self._topics.events
            if not target.has(topic, key, row.position):
                headers = headers_of(row, self._source)
                # The recorded clock never falls, so that a time finds its offset in the log.
                records.append(Record(topic, key, row.state, headers, row.committed_at // 1000))
        return records

    def _done(self) -> int:
        return self._windows

    def _waits(self) -> bool:
        position = self._position
        try:
            return position is not None and self._log.head() > position
        finally:
            self._log.close()  # the connection is the watchdog's own

    def _answers(self) -> bool:
        return bool(describe(self._brokers, [self._topics.events]))

    def _say_away(self, error: Exception) -> None:
        if not self._away:
            logger.warning("relay waits", error=str(error))
        self._away = True

    def _say_back(self, position: int) -> None:
        if self._away:
            logger.info("relay goes on", position=position)
        self._away = False
