"""The projector: feed → projection → read model, a page and its position in one transaction.

A kill never leaves half a page.  Two projectors of one projection are harmless: the position
moves by compare-and-set, and who loses reads it again.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from domain.events import Logged
from projections.projection import Projection, View
from services.feed import StoreFeed
from services.readmodel import EMBEDDED, Fenced, Mark, ReadModels

PAGE: Final = 500
"""Events folded in one transaction; more brings nothing."""

POLL: Final = 0.02
"""Seconds between looks at the log when nobody wakes us."""

logger = structlog.get_logger()


class Unfoldable(Exception):
    """An event cannot be folded; the projection stops before it rather than skip it."""


class FollowsKafka(Exception):
    """The read model was taken over by a member of a consumer group."""


class Projector:
    """Keeps embedded projections up to date with the store's log."""

    def __init__(
        self, feed: StoreFeed, models: ReadModels, projections: Iterable[Projection]
    ) -> None:
        self._feed = feed
        self._models = models
        self._projections = tuple(projections)
        self._wake = threading.Event()
        self._stopped = threading.Event()

    def catch_up(self, upto: int | None = None) -> int:
        """Fold what is recorded, to position *upto* if given; say where the slowest stands."""
        while True:
            marks = {p.name: self._mark(p) for p in self._projections}
            slowest = min((m.position if m else 0) for m in marks.values())
            if upto is not None and slowest >= upto:
                return slowest
            page = self._feed.page(slowest, PAGE)
            if not page:
                return slowest
            for projection in self._projections:
                self._fold(projection, marks[projection.name], page)

    def follow(self) -> None:
        """Fold what is recorded as it comes, until stopped."""
        wait = POLL
        while not self._stopped.is_set():
            try:
                self.catch_up()
                wait = POLL
            except Exception as error:  # noqa: BLE001  a supervisor must outlive any of them
                wait = min(wait * 2, 5.0)
                logger.warning("projector stopped, trying again", error=str(error), wait=wait)
            self._wake.wait(wait)
            self._wake.clear()

    def wake(self) -> None:
        """Say that something was recorded."""
        self._wake.set()

    def stop(self) -> None:
        """End `follow` after the page it is at."""
        self._stopped.set()
        self._wake.set()

    def wait_for(self, projection: Projection, position: int, seconds: float) -> bool:
        """Wait until *projection* has folded *position*; say whether it did in time."""
        until = time.monotonic() + seconds
        while (self._mark(projection) or Mark()).position < position:
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def _mark(self, projection: Projection) -> Mark | None:
        mark = self._models.marks(self._models.view(projection)).get(EMBEDDED)
        if mark and mark.topic_id:
            raise FollowsKafka(
                f"{projection.name} follows Kafka; to follow the store again, build it anew: "
                f"longcase projections rebuild {projection.name}"
            )
        return mark

    def _fold(self, projection: Projection, mark: Mark | None, page: Sequence[Logged]) -> None:
        after = mark.position if mark else 0
        fresh = [event for event in page if event.position > after]
        if not fresh:
            return
        view = self._models.view(projection, self._feed.history)
        try:
            fold(self._models, view, mark, fresh)
        except Fenced:
            logger.debug("somebody else folded this page", projection=projection.name)


def fold(models: ReadModels, view: View, mark: Mark | None, page: Sequence[Logged]) -> None:
    """Fold one page and move the position, together or not at all.

    Raises:
        Fenced: If another process did it first.
        Unfoldable: If an event of the page cannot be folded; names the first one.
    """
    new = Mark(page[-1].position)
    try:
        with models.database.transaction():
            models.advance(view, EMBEDDED, mark, new)
            view.projection.apply(view, page)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        if len(page) == 1:
            raise Unfoldable(
                f"{view.projection.name} cannot fold position {page[0].position} "
                f"({page[0].event.type} in {page[0].event.stream_id}): {error!r}"
            ) from error
        half = len(page) // 2  # the good ones before the bad one go in
        fold(models, view, mark, page[:half])
        fold(models, view, Mark(page[half - 1].position), page[half:])
