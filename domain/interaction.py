"""Interaction: one touch, logged once."""

from collections.abc import Iterator

from domain.aggregate import Aggregate
from domain.errors import AlreadyMade
from domain.events import AnyInteractionEvent, Recorded


class Interaction(Aggregate[AnyInteractionEvent]):
    """One call, meeting, visit or other touch."""

    def decide(self, reported: Recorded[AnyInteractionEvent]) -> Iterator[AnyInteractionEvent]:
        """Say what to record now that *reported* has happened.

        Raises:
            AlreadyMade: If the interaction is logged already.
        """
        if self.version:
            raise AlreadyMade(f"{self.stream_id} is logged already; log another under a new id")
        yield reported.data

    def evolve(self, happened: Recorded[AnyInteractionEvent]) -> None:
        """Take over what happened: that it did is all the rules need."""
