"""The relay: the store's log → Kafka, in order, each event as the bytes that were recorded.

Promise: everything recorded is published, a later event of a partition never without the
earlier ones; first occurrences come in order.  What customers may see is published once more,
on a topic of its own.  One relay of a store is at work at a time; others wait for its end.  A
kill costs nothing: the next one finds its place again from the last record of each partition.
While the brokers are away events wait in the store, and nothing else does.
"""

from collections.abc import Callable
from contextlib import closing
from threading import Event
from typing import Final

import structlog

from services.bus import Barred, Brokers, TopicRefused, Topics, describe
from services.heartbeat import REFUSED, Pulse, this_instance
from services.relay.mark import RelayMark
from services.relay.session import WAITING, Session
from services.store import Log
from services.watchdog import PATIENCE, Watchdog, leave

NAME: Final = "relay"
"""Of its heartbeat."""

STANDBY: Final = "standby"

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
        patience: float = PATIENCE,
        stuck: Callable[[], None] = leave,
    ) -> None:
        """Describe where from and where to; `run` does it.

        Args:
            store: URL of the event store.
            patience: Seconds until a client that hangs counts as stuck.
            stuck: What to do then; by default the process ends with code 75.
        """
        self._store = store
        self._log = Log(store)
        self._brokers = brokers
        self._topics = topics or Topics()
        self._watchdog = Watchdog(self._done, self._waits, self._answers, stuck, patience)
        self._position: int | None = None
        self._windows = 0
        self._away = False

    def run(self, stop: Event) -> None:
        """Publish what is recorded as it comes, until *stop* is set.

        Raises:
            TopicRefused: If a topic is not the one that was published to so far.
            Barred: If the brokers do not let us.
        """
        wait = FIRST_WAIT
        with Pulse(self._store, NAME) as pulse, self._watchdog:
            while not stop.is_set():
                before = self._windows
                try:
                    self._session(stop, pulse)
                except (TopicRefused, Barred) as error:
                    pulse.say(REFUSED, str(error))
                    raise
                except Exception as error:  # noqa: BLE001  brokers and databases fail in many ways
                    wait = FIRST_WAIT if self._windows > before else min(wait * 2, LONGEST_WAIT)
                    pulse.say(WAITING, str(error), patience=wait)
                    self._say_away(error)
                    stop.wait(wait)
                finally:
                    self._position = None
                    self._log.close()

    def _session(self, stop: Event, pulse: Pulse) -> None:
        """Publish until stopped or until something fails; then all is begun anew."""
        with closing(RelayMark(self._store)) as mark:
            pulse.say(STANDBY, "another relay is at work", patience=float("inf"))
            with mark.held(stop, this_instance()) as held:
                if not held:
                    return
                self._position = 0  # from here on the watchdog looks
                session = Session(
                    self._log, self._brokers, self._topics,
                    mark=mark, pulse=pulse, moved=self._moved,
                )  # fmt: skip
                session.run(stop)

    def _moved(self, position: int, events: int) -> None:
        self._position = position
        if events:
            self._windows += 1
            self._say_back(position)

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
