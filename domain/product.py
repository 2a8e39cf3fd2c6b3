"""Product: what we sell, whoever runs it.

version released, and the next
"""

from collections.abc import Iterator

from domain.aggregate import Aggregate
from domain.errors import AlreadyMade
from domain.events import AnyProductEvent, Recorded
from domain.events.product import ProductVersionReleased


class Product(Aggregate[AnyProductEvent]):
    """One product and its versions."""

    READ = frozenset((ProductVersionReleased.TYPE,))

    def __init__(self, stream_id: str) -> None:
        super().__init__(stream_id)
        self.versions: set[str] = set()

    def decide(self, reported: Recorded[AnyProductEvent]) -> Iterator[AnyProductEvent]:
        """Say what to record now that *reported* has happened.

        Raises:
            AlreadyMade: If a version is released a second time.
        """
        if reported.data.version in self.versions:
            raise AlreadyMade(
                f"version {reported.data.version} of {self.stream_id} is released already"
            )
        yield reported.data

    def evolve(self, happened: Recorded[AnyProductEvent]) -> None:
        """Take over what happened."""
        self.versions.add(happened.data.version)
