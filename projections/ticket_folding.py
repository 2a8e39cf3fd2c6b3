"""Folding the streams of tickets: each as staff sees it, in full or in part, and as the customer.

An event older than what was folded, or a split, folds the stream again from its events, once
for each page: so that the outcome is always the fold in the order of happening.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, cast

from domain.events import AnyTicketEvent, Logged, Recorded
from domain.values import micros
from projections import splits
from projections.database import Row
from projections.projection import View
from projections.redaction import for_customer, withhold
from projections.ticket_state import TicketState, dump, evolve, load

EVERY: Final = 250
"""Events of a stream between two checkpoints: a fold of so many takes a few milliseconds."""


@dataclass(slots=True)
class Folded:
    """One stream, folded as far as it is known.

    Attributes:
        newest: When the newest thing in it happened, in microseconds.
        position: The last position folded.
        internal: The state without restricted text; ``None`` while that is all there is.
        public: The state as the customer sees it; ``None`` while it sees nothing.
        checkpoints: Rows of those that were passed, for one stream that continues no other, and
            of which nothing was split off.
        again: Whether all of it was folded again, because something came late or was split off.
    """

    full: TicketState = field(default_factory=TicketState)
    internal: TicketState | None = None
    public: TicketState | None = None
    newest: int = 0
    position: int = 0
    checkpoints: list[Row] = field(default_factory=list)
    again: bool = False

    def take(self, events: Iterable[Logged]) -> None:
        """Fold *events*, none older than what was folded before."""
        for logged in events:
            self.show_customer(logged)
            self.show_staff(logged)

    def show_customer(self, logged: Logged) -> None:
        """Fold an event into what the customer sees, who is told of no split."""
        recorded = cast("Recorded[AnyTicketEvent]", logged.event)
        if recorded.visibility == "public":
            self.public = self.public or TicketState()
            evolve(self.public, for_customer(recorded))

    def show_staff(self, logged: Logged) -> None:
        """Fold an event into what our own people see."""
        recorded = cast("Recorded[AnyTicketEvent]", logged.event)
        restricted = recorded.visibility == "restricted"
        if restricted and self.internal is None:
            self.internal = load(dump(self.full))
        if self.internal is not None:
            evolve(self.internal, withhold(recorded) if restricted else recorded)
        evolve(self.full, recorded)
        self.newest = max(self.newest, micros(recorded.occurred_at))
        self.position = max(self.position, logged.position)
        step = self.full.counts["events"]
        if not step % EVERY and not self.full.continues and not self.full.split_into:
            place = (recorded.stream_id, step, self.newest, logged.position)
            self.checkpoints.append((*place, *self.documents))

    @property
    def documents(self) -> tuple[bytes, bytes | None]:
        """Write the state for who may read everything, and, if it differs, for other staff."""
        return dump(self.full), dump(self.internal) if self.internal else None


def onward(
    view: View, known: Folded | None, stream: str, arrived: list[Logged], upto: int
) -> Folded:
    """Fold what *arrived* onto what is known; all of it again if something of it is late."""
    arrived.sort(key=lambda logged: logged.happened)
    is_late = known is not None and arrived[0].happened[0] < known.newest
    if is_late or (known is None and splits.touching(view, [stream])):
        return again(view, stream, upto)
    folded = known or Folded()
    folded.take(arrived)
    return folded


def again(view: View, stream: str, upto: int) -> Folded:
    """Fold all of a stream again: without what a split took from it, with what one brought it."""
    folded, own = Folded(again=True), _history(view, stream, upto)
    others = {moved.away for moved in splits.touching(view, [stream])} - {stream}
    events = [*own, *(logged for other in others for logged in _history(view, other, upto))]
    events.sort(key=lambda logged: logged.happened)
    for logged in own:
        folded.show_customer(logged)
    for logged in splits.belonging(events, (stream,)):
        folded.show_staff(logged)
    folded.newest = max(folded.newest, own[-1].happened[0])
    if folded.full.split_into:
        folded.checkpoints.clear()
    return folded


def _history(view: View, stream: str, upto: int) -> list[Logged]:
    if view.history is None:
        raise RuntimeError(f"{stream} has a late event or a split; folding it again takes the log")
    return view.history(stream, upto)
