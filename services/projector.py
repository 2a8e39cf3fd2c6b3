"""The projector: feed → projection → read model, a page and its position in one transaction.

A kill never leaves half a page.  Two projectors of one projection are harmless: the position
moves by compare-and-set, and who loses reads it again.
"""

import threading
import time
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from domain.events import Logged
from projections.projection import History, Projection
from services.decisions import Decisions
from services.feed import Step, StoreFeed
from services.folding import Folder, Page
from services.parking import ParkingFull
from services.readmodel import EMBEDDED, Fenced, Mark, ReadModels

PAGE: Final = 500
"""Events folded in one transaction; more brings nothing."""

POLL: Final = 0.02
"""Seconds between looks at the log when nobody wakes us."""

AGAIN: Final = 5.0
"""Seconds until a projection that could not go on is tried again."""

logger = structlog.get_logger()


class FollowsKafka(Exception):
    """The read model was taken over by a member of a consumer group."""


class Projector:
    """Keeps embedded projections up to date with the store's log."""

    def __init__(
        self,
        feed: StoreFeed,
        models: ReadModels,
        decisions: Decisions,
        projections: Iterable[Projection],
    ) -> None:
        self._feed = feed
        self._models = models
        self._decisions = decisions
        self._folder = Folder(models, decisions)
        self._projections = tuple(projections)
        self._tried: dict[str, float] = {}
        self._wake = threading.Event()
        self._stopped = threading.Event()

    def catch_up(self, upto: int | None = None) -> int:
        """Fold what is recorded, to position *upto* if given; say where the slowest stands.

        Those that are paused, or could not go on a moment ago, stand still.
        """
        while going := [each for each in self._projections if self._goes(each)]:
            marks = {each.name: self._mark(each) for each in going}
            slowest = min((mark.position if mark else 0) for mark in marks.values())
            if upto is not None and slowest >= upto:
                return slowest
            steps = self._feed.steps(slowest, PAGE + 1)  # one more says whether more comes
            if not steps:
                return slowest
            more, steps = len(steps) > PAGE, steps[:PAGE]
            for projection in going:
                self._fold(projection, marks[projection.name], steps, more=more)
        return min((self._mark(each) or Mark()).position for each in self._projections)

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

    def _goes(self, projection: Projection) -> bool:
        tried = self._tried.get(projection.name)
        if tried is not None and time.monotonic() - tried < AGAIN:
            return False
        return not self._decisions.is_paused(projection.name)

    def _mark(self, projection: Projection) -> Mark | None:
        mark = self._models.marks(self._models.view(projection)).get(EMBEDDED)
        if mark and mark.topic_id:
            raise FollowsKafka(
                f"{projection.name} follows Kafka; to follow the store again, build it anew: "
                f"longcase projections rebuild {projection.name}"
            )
        return mark

    def _fold(
        self, projection: Projection, mark: Mark | None, steps: Sequence[Step], *, more: bool
    ) -> None:
        after = mark.position if mark else 0
        fresh = [step for step in steps if step.row.position > after]
        if not fresh:
            return
        history = history_of(self._feed, self._decisions, projection)
        view = self._models.view(projection, history)
        new = Mark(fresh[-1].row.position)
        try:
            self._folder.fold(view, [Page(EMBEDDED, mark, new, fresh)], more=more)
        except Fenced:
            logger.debug("somebody else folded this page", projection=projection.name)
        except ParkingFull as error:
            self._tried[projection.name] = time.monotonic()
            logger.critical("stands still", projection=projection.name, error=str(error))


def worker_of(projection: Projection) -> str:
    """Name the work of folding *projection*, under which its processes give signs of life."""
    return f"projector {projection.name}"


@dataclass(frozen=True, slots=True)
class Past:
    """Earlier events as one projection may see them: without those that it skips."""

    feed: StoreFeed
    skipped: Callable[[], Container[int]]

    def __call__(self, stream_id: str, upto: int) -> list[Logged]:
        """List the events of *stream_id* up to position *upto*, in the order they happened."""
        return self.feed.history(stream_id, upto, self.skipped())

    def at(self, positions: Sequence[int]) -> list[Logged]:
        """List the events at *positions*, in that order."""
        return self.feed.at_all(positions)

    def before(self, streams: Sequence[str], place: tuple[int, int], upto: int) -> list[Logged]:
        """List the events of *streams* up to position *upto* that happened by *place*."""
        return self.feed.before(streams, place, upto, self.skipped())


def history_of(feed: StoreFeed, decisions: Decisions, projection: Projection) -> History:
    """Find earlier events as *projection* may see them."""
    return Past(feed, lambda: decisions.skipped(projection.name))
