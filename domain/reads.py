"""Reads: who looked at what; a log without rules."""

from collections.abc import Iterator

from domain.aggregate import Aggregate
from domain.events import AnyReadsEvent, Recorded


class Reads(Aggregate[AnyReadsEvent]):
    """What one process let people read on one day."""

    def decide(self, reported: Recorded[AnyReadsEvent]) -> Iterator[AnyReadsEvent]:
        """Say what to record now that *reported* has happened: always that it did."""
        yield reported.data

    def evolve(self, happened: Recorded[AnyReadsEvent]) -> None:
        """Take over what happened: nothing depends on it."""
