"""Streams of tickets folded side by side, where a split takes from one what goes to another."""

from collections.abc import Container
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from domain.events import AnyTicketEvent, Recorded
from domain.values import Reader
from projections import splits
from projections.splits import Gone, Place
from projections.ticket_state import TicketState, evolve

Taken = tuple[Place, Recorded[AnyTicketEvent]]


@dataclass
class Streams:
    """Streams of tickets, folded side by side; a split takes from one what goes to another.

    Attributes:
        states: By stream.  What a split makes begins with an event of its own.
        remembered: The streams that a split may concern: their events are kept; ``None``: any.
        brought: What counts in another stream than the one it is stored in from the first, by
            stream and event: where only the new ticket is folded, not the old one.
        knows_splits: A customer is told of none.
    """

    states: dict[str, TicketState] = field(default_factory=dict)
    remembered: Container[str] | None = None
    brought: Gone = field(default_factory=dict)
    knows_splits: bool = True
    _taken: dict[str, list[Taken]] = field(default_factory=dict)

    def touched_by(self, recorded: Recorded[Any]) -> tuple[str, ...]:
        """Name the streams whose state an event changes."""
        parted = splits.parted_by(recorded) if self.knows_splits else None
        return parted or (self._home(recorded),)

    def take(self, place: Place, recorded: Recorded[AnyTicketEvent]) -> str:
        """Take over an event, and name the stream it counts in.

        Args:
            place: Where it stands in the order of what happened.
        """
        stream = self._home(recorded)
        if stream not in self.states:
            self._fold(stream)
        if self.remembered is None or stream in self.remembered:
            self._taken.setdefault(stream, []).append((place, recorded))
        evolve(self.states[stream], splits.within(recorded, stream))
        if self.knows_splits and (streams := splits.parted_by(recorded)):
            self._part(*streams, recorded)
        return stream

    def _part(self, old: str, new: str, split: Recorded[Any]) -> None:
        moved = {event_id for event_id, _ in splits.named(split)}
        stays: list[Taken] = []
        goes: list[Taken] = []
        for place, recorded in self._taken.get(old, ()):
            is_named = str(recorded.event_id) in moved and splits.goes(recorded, old)
            (goes if is_named else stays).append((place, recorded))
        if not goes:
            return
        goes += self._taken.get(new, [])
        self._taken[old], self._taken[new] = stays, sorted(goes, key=itemgetter(0))
        for stream in (old, new):
            if stream in self.states:
                self._fold(stream)

    def _home(self, recorded: Recorded[Any]) -> str:
        key = recorded.stream_id, str(recorded.event_id)
        return self.brought.get(key, recorded.stream_id)

    def _fold(self, stream: str) -> None:
        state = self.states[stream] = TicketState()
        for _, recorded in self._taken.get(stream, ()):
            evolve(state, splits.within(recorded, stream))


@dataclass(frozen=True, slots=True)
class Parts:
    """What is known beforehand of splits among the streams that are replayed.

    Attributes:
        split: The streams that a split may concern; ``None``: any.
        brought: As `Streams` takes it.
    """

    split: Container[str] | None = None
    brought: Gone = field(default_factory=dict)

    def streams(self, reader: Reader, states: dict[str, TicketState] | None = None) -> Streams:
        """Begin to fold; a customer is told of no split."""
        if reader.public_only:
            return Streams(states or {}, remembered=(), knows_splits=False)
        return Streams(states or {}, self.split, dict(self.brought))


WHOLE: Final = Parts()
