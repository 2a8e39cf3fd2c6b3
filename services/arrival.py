"""Arrival: whether what was recorded has come through Kafka into a read model."""

import time
from typing import Final

from projections.projection import Projection
from services.bus import Ends
from services.readmodel import ReadModels
from services.relay_mark import RelayMark, low_mark
from services.store import Log

LOOK_SECONDS: Final = 0.005
"""Seconds between looks while somebody waits."""


class Arrival:
    """Knows the relay's mark, the ends of the partitions and a read model's positions."""

    def __init__(self, models: ReadModels, log: Log, ends: Ends) -> None:
        """Say where to look; the relay keeps its mark beside the log."""
        self._models = models
        self._log = log
        self._ends = ends
        RelayMark(log.url).close()

    def wait_for(self, projection: Projection, position: int, seconds: float) -> bool:
        """Wait until *projection* has folded *position*; say whether it did in time.

        First the relay says that it published so far; whatever lies before the ends of the
        partitions after that is all there can be.

        Raises:
            BrokerAway: If the brokers do not answer.
        """
        until = time.monotonic() + seconds
        while low_mark(self._log.database) < position:
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_SECONDS)
        ends = self._ends.now()
        while self._behind(projection, ends):
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def lag(self, projection: Projection) -> int:
        """Count the records that are on the bus and not in the read model.

        Raises:
            BrokerAway: If the brokers do not answer.
        """
        return self._behind(projection, self._ends.now())

    def _behind(self, projection: Projection, ends: dict[int, int]) -> int:
        marks = self._models.marks(self._models.view(projection))
        return sum(
            max(0, end - (marks[part].next_offset if part in marks else 0))
            for part, end in ends.items()
        )
