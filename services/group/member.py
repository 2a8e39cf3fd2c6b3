"""A member of a projection's consumer group: Kafka → projection → read model.

Promise: each event is folded once, whatever is killed: the rows and the positions of the
partitions move in one transaction, and a position only from where this member read it.  A
member that lost its partitions and does not know it yet is refused there, and nowhere else.
"""

import time
from threading import Event
from typing import Final

import structlog

from projections.projection import History, Projection
from services.control import Keyring
from services.folding import Folder
from services.group.feed import KafkaFeed
from services.heartbeat import Pulse
from services.projector import PAGE
from services.readmodel import Fenced

REFUSALS: Final = 20
"""How often in a row a member may be refused before it gives up: another one is at its work."""

KEYS_SECONDS: Final = 1.0
"""How long a key that was destroyed may still open texts here."""

logger = structlog.get_logger()


class Displaced(Exception):
    """Another process moves this member's positions, again and again."""


class Member:
    """Folds what its feed brings into one projection's read model; for one thread."""

    def __init__(
        self,
        projection: Projection,
        feed: KafkaFeed,
        folder: Folder,
        history: History,
        keyring: Keyring,
        *,
        pulse: Pulse,
    ) -> None:
        self._projection = projection
        self._feed = feed
        self._folder = folder
        self._history = history
        self._keyring = keyring
        self._pulse = pulse
        self._generation = 0
        self._refused = 0
        self._looked = 0.0
        self.turns = 0
        """How often it looked for records; stands still only if the client hangs."""

    def run(self, stop: Event) -> None:
        """Fold what comes until *stop* is set; the page at hand is finished.

        Raises:
            Displaced: If another process is at the same work.
            TopicRefused: If the topic is not the one the read model was built from.
            ParkingFull: If too many events cannot be folded.
        """
        while not stop.is_set():
            try:
                self.turn()
                self._refused = 0
            except Fenced as error:
                self._refused += 1
                self._generation = 0
                if self._refused > REFUSALS:
                    raise Displaced(f"refused {self._refused} times: {error}") from None
                logger.info("refused, reading the positions again", error=str(error))

    def turn(self) -> int:
        """Fold what came; say how many events that was.

        Raises:
            Fenced: If another process moved a position; nothing was folded then.
        """
        if self._folder.decisions.is_paused(self._projection.name):
            self._feed.rest()
            self._pulse.say("paused")
            self.turns += 1
            return 0
        view = self._folder.models.view(self._projection, self._history)
        if view.generation != self._generation or not self._feed.is_begun:
            self._feed.begin(view)
            self._generation = view.generation
        self._forget_destroyed_keys()
        pages = self._feed.pages(view, PAGE)
        for page in self._folder.fold(view, pages) if pages else ():
            self._feed.folded(page)
        self.turns += 1
        self._pulse.say("running")
        events = sum(len(page.steps) for page in pages)
        if pages:
            self._pulse.moved(max(page.new.position for page in pages), events)
        return events

    def _forget_destroyed_keys(self) -> None:
        if time.monotonic() - self._looked > KEYS_SECONDS:
            self._keyring.refresh()
            self._looked = time.monotonic()
