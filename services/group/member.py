"""A member of a projection's consumer group: Kafka → projection → read model.

Promise: each event is folded once, whatever is killed: the rows and the positions of the
partitions move in one transaction, and a position only from where this member read it.  A
member that lost its partitions and does not know it yet is refused there, and nowhere else.
"""

import time
from collections.abc import Sequence
from threading import Event
from typing import Final

import structlog

from projections.projection import History, Projection, View
from services.control import Keyring
from services.group.feed import KafkaFeed, Page
from services.projector import PAGE, Unfoldable
from services.readmodel import Fenced, ReadModels

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
        models: ReadModels,
        history: History,
        keyring: Keyring,
    ) -> None:
        self._projection = projection
        self._feed = feed
        self._models = models
        self._history = history
        self._keyring = keyring
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
            Unfoldable: If an event cannot be folded.
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
        view = self._models.view(self._projection, self._history)
        if view.generation != self._generation or not self._feed.is_begun:
            self._feed.begin(view)
            self._generation = view.generation
        self._forget_destroyed_keys()
        pages = self._feed.pages(view, PAGE)
        if pages:
            self._fold(view, pages)
        self.turns += 1
        return sum(len(page.steps) for page in pages)

    def _fold(self, view: View, pages: Sequence[Page]) -> None:
        """Fold the pages of several partitions in one transaction, or one by one."""
        try:
            self._commit(view, pages)
        except FOLDING as error:
            if len(pages) > 1:
                self._fold_apart(view, pages)
            elif len(pages[0].steps) > 1:  # the good ones before the bad one go in
                for half in pages[0].split():
                    self._fold(view, [half])
            else:
                logged = pages[0].steps[0].logged
                raise Unfoldable(
                    f"{self._projection.name} cannot fold position {logged.position} "
                    f"({logged.event.type} in {logged.event.stream_id}): {error!r}"
                ) from error

    def _fold_apart(self, view: View, pages: Sequence[Page]) -> None:
        """Fold each partition by itself, so that one bad event does not hold the others up."""
        bad: Unfoldable | None = None
        for page in pages:
            try:
                self._fold(view, [page])
            except Unfoldable as error:
                bad = bad or error
        if bad:
            raise bad

    def _commit(self, view: View, pages: Sequence[Page]) -> None:
        moved: dict[str, int] = {}
        with self._models.database.transaction():
            for page in pages:  # in the order of partitions, so that two members do not lock
                self._models.advance(view, page.part, page.old, page.new)
                if page.steps:
                    view.projection.apply(view, [step.logged for step in page.steps])
                    moved |= self._feed.sequences.save(view, [step.row for step in page.steps])
        for page in pages:
            self._feed.folded(page)
        self._feed.sequences.keep(moved)

    def _forget_destroyed_keys(self) -> None:
        if time.monotonic() - self._looked > KEYS_SECONDS:
            self._keyring.refresh()
            self._looked = time.monotonic()


FOLDING: Final = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
"""What a handler that cannot fold an event raises; a database that is away raises others."""
