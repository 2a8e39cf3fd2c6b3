"""Folding: pages of events → a projection's rows, in one transaction with their positions.

Promise: an event is folded once, in the order of its sequence, or it is parked with its reason
and its sequence behind it; nothing is passed over in silence.  What passes by itself (a database
that is away, another process that was first) is not the event's fault, and left to the caller.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from domain.events import Logged
from projections.database import failures
from projections.projection import View
from services.decisions import Decisions
from services.failpoints import failpoint
from services.feed import Step, Stray, Unreadable
from services.parking import Parking, ParkingFull
from services.readmodel import EMBEDDED, Fenced, Mark, ReadModels
from services.store import Row

Save = Callable[[View, "Page"], None]
"""What else a feed keeps beside the rows, in their transaction."""

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Page:
    """What came of one part of a feed.

    Attributes:
        old: Where the part stands; ``None`` if nothing of it was read.
        new: Where it stands once the page is folded.
        strays: What was read and is none of the store's, in order.
    """

    part: int
    old: Mark | None
    new: Mark
    steps: Sequence[Step]
    strays: Sequence[Stray] = ()

    def split(self) -> tuple["Page", "Page"]:
        """Cut the page in two, each of which can be folded by itself."""
        half = len(self.steps) // 2
        first, rest = self.steps[:half], self.steps[half:]
        before = self.old.position if self.old else 0
        middle = Mark(
            max(before, *(step.row.position for step in first)),
            first[-1].next_offset,
            self.new.topic_id,
        )
        passed = [stray for stray in self.strays if stray.offset < middle.next_offset]
        return (
            Page(self.part, self.old, middle, first, passed),
            Page(self.part, middle, self.new, rest, self.strays[len(passed) :]),
        )


class Folder:
    """Folds pages into the read models of one database."""

    def __init__(self, models: ReadModels, decisions: Decisions, save: Save | None = None) -> None:
        self.models = models
        self.decisions = decisions
        self._save = save
        self.parking = Parking(models)

    def fold(self, view: View, pages: Sequence[Page], *, more: bool = False) -> list[Page]:
        """Fold the pages of several parts; say which ones went in, in the order they did.

        In one transaction where all is well, else in as many as it takes to find the events
        that cannot be folded, and to park them.

        Args:
            more: Another page follows at once, so that what may wait for it waits.

        Raises:
            Fenced: If another process did it first.
            ParkingFull: If too many events cannot be folded.
        """
        failpoint("project.before_transaction")
        try:
            self._commit(view, pages, more=more)
        except (Fenced, ParkingFull):
            raise
        except failures():
            raise
        except Exception as error:  # noqa: BLE001  whatever a handler raises parks its event
            if len(pages) > 1:
                return [page for each in pages for page in self.fold(view, [each], more=more)]
            if len(pages[0].steps) > 1:  # the good ones before the bad one go in
                halves = pages[0].split()
                return [page for half in halves for page in self.fold(view, [half], more=more)]
            self._park(view, pages[0], error)
        failpoint("project.after_commit")
        return list(pages)

    def _commit(self, view: View, pages: Sequence[Page], *, more: bool) -> None:
        skipped = self.decisions.skipped(view.projection.name)
        with self.models.database.transaction():
            for page in pages:  # in the order of parts, so that two members do not lock
                self.models.advance(view, page.part, page.old, page.new)
            waiting = self.parking.enter(view)
            for page in pages:
                steps = [step for step in page.steps if step.row.position not in skipped]
                if waiting:
                    steps = self._put_behind(view, steps, waiting)
                view.projection.apply(view, [_opened(step) for step in steps])
                self._keep(view, page)
            if not more:
                view.projection.settle(view, _companies_of(pages))
            failpoint("project.before_commit")

    def _put_behind(self, view: View, steps: Sequence[Step], waiting: set[str]) -> list[Step]:
        """Let the events of waiting sequences wait too; list the others."""
        behind = [step for step in steps if sequence_of(view, step.row) in waiting]
        self.parking.park(view, [step.row for step in behind])
        return [step for step in steps if sequence_of(view, step.row) not in waiting]

    def _park(self, view: View, page: Page, error: Exception) -> None:
        step = page.steps[0]
        with self.models.database.transaction():
            self.models.advance(view, page.part, page.old, page.new)
            self.parking.enter(view)
            self.parking.park(view, [step.row], reason_of(error))
            self._keep(view, page)
            failpoint("park.before_commit")
        failpoint("park.after_commit")
        logger.error(
            "parked",
            projection=view.projection.name,
            position=step.row.position,
            type=step.row.type,
            company=step.row.company_id,
            stream=step.row.stream_id,
            reason=reason_of(error),
        )

    def _keep(self, view: View, page: Page) -> None:
        if self._save and (page.steps or page.strays):
            self._save(view, page)


def _companies_of(pages: Sequence[Page]) -> set[str] | None:
    """Name the companies that are this process's to settle: on the store's own log, all."""
    if any(page.part == EMBEDDED for page in pages):
        return None
    return {step.row.company_id for page in pages for step in page.steps if step.row.company_id}


def sequence_of(view: View, row: Row) -> str:
    """Name the sequence that an event stands in, for the projection of *view*."""
    return view.projection.sequence(row.stream_id, row.company_id)


def reason_of(error: Exception) -> str:
    """Say why an event cannot be folded, in one line."""
    return str(error) if isinstance(error, Unreadable) else f"{type(error).__name__}: {error}"


def _opened(step: Step) -> Logged:
    if isinstance(step.logged, Unreadable):
        raise step.logged
    return step.logged
