"""Retry: parked events are folded again, in their order, once what failed is mended or left out."""

from dataclasses import dataclass
from typing import Final

from projections.database import failures
from projections.projection import Projection, View
from services.decisions import Decisions
from services.failpoints import failpoint
from services.feed import StoreFeed, Unreadable
from services.folding import reason_of
from services.parking import Parked, Parking
from services.projector import history_of
from services.readmodel import ReadModels

DONE: Final = ""
"""Instead of a reason: the event is folded, or left out."""


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of one parked sequence.

    Attributes:
        folded: Events that went in, or were left out by decision.
        left: Events that still wait.
        reason: Why the first of them cannot be folded; empty if none is left.
    """

    sequence: str
    folded: int
    left: int
    reason: str


class Retrier:
    """Folds parked events into live read models, beside the projectors at work."""

    def __init__(self, feed: StoreFeed, models: ReadModels, decisions: Decisions) -> None:
        self._feed = feed
        self._models = models
        self._decisions = decisions
        self._parking = Parking(models)

    def retry(self, projection: Projection, sequence: str | None = None) -> list[Retried]:
        """Try one sequence of a projection again, or all that are parked."""
        view = self._view(projection)
        parked = self._parking.all(view, sequence)
        return [self._retry(view, each) for each in dict.fromkeys(p.sequence for p in parked)]

    def parked(self, projection: Projection) -> list[Parked]:
        """List what is parked, in the store's order."""
        return self._parking.all(self._view(projection))

    def _view(self, projection: Projection) -> View:
        history = history_of(self._feed, self._decisions, projection)
        return self._models.view(projection, history)

    def _retry(self, view: View, sequence: str) -> Retried:
        folded = 0
        while waiting := self._parking.all(view, sequence, limit=1):
            reason = self._fold(view, waiting[0])
            if reason:
                left = len(self._parking.all(view, sequence))
                return Retried(sequence, folded, left, reason)
            folded += 1
        return Retried(sequence, folded, 0, DONE)

    def _fold(self, view: View, parked: Parked) -> str:
        """Fold one event and let it wait no more, or say why it cannot be folded."""
        database = self._models.database
        try:
            with database.transaction():
                self._parking.alone(view)
                if self._parking.holds(view, parked.position):  # nobody else was first
                    self._apply(view, parked.position)
                    self._parking.release(view, parked.position)
                failpoint("retry.before_commit")
        except failures():
            raise
        except Exception as error:  # noqa: BLE001  as when it was parked
            reason = reason_of(error)
            with database.transaction():
                self._parking.failed(view, parked.position, reason)
            return reason
        failpoint("retry.after_commit")
        return DONE

    def _apply(self, view: View, position: int) -> None:
        if position in self._decisions.skipped(view.projection.name):
            return
        logged = self._feed.at(position)
        if isinstance(logged, Unreadable):
            raise logged
        view.projection.apply(view, [logged])
        company_id = logged.event.company_id
        view.projection.settle(view, [company_id] if company_id else [])
