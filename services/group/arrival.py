"""Arrival: whether what was recorded has come through Kafka into a read model."""

import time
from collections.abc import Mapping
from typing import Final

from projections.projection import Projection
from services.bus import BrokerAway, Brokers, Ends, TopicInfo, Topics, partition_of
from services.readmodel import EMBEDDED, Mark, ReadModels
from services.relay.mark import RelayMark, Saved, saved_marks
from services.store import Log

LOOK_SECONDS: Final = 0.005
"""Seconds between looks while somebody waits."""


class Arrival:
    """Knows the relay's mark, the ends of the partitions and a read model's positions.

    Safe to share between threads.
    """

    def __init__(
        self, models: ReadModels, log: Log, brokers: Brokers, topics: Topics | None = None
    ) -> None:
        """Say where to look; the relay keeps its mark beside the log."""
        self._models = models
        self._log = log
        self._topic = (topics or Topics()).events
        self._ends = Ends(brokers, self._topic)
        RelayMark(log.url).close()

    def close(self) -> None:
        """Disconnect from the brokers."""
        self._ends.close()

    def wait_for(self, projection: Projection, position: int, seconds: float) -> bool:
        """Wait until *projection* has folded *position*; say whether it did in time.

        First the relay says that it published so far; whatever lies before the ends of the
        partitions after that is all there can be.  While the brokers are away nobody can say
        so, and the answer is no.
        """
        until = time.monotonic() + seconds
        while self._relayed() < position:
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_SECONDS)
        try:
            ends = self._ends.now(self._partitions(), max(0.0, until - time.monotonic()))
        except BrokerAway:
            return False
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
        return sum(self._behind(projection, self._ends.now(self._partitions())).values())

    def position(self, projection: Projection) -> int:
        """Say up to which position every event is folded, of all companies.

        Raises:
            BrokerAway: If the brokers do not answer.
        """
        low = self._relayed()
        behind = self._behind(projection, self._ends.now(self._partitions()))
        marks = self._marks(projection)
        return min((low, *(_position(marks, part) for part in behind)))

    def position_of(self, projection: Projection, company_id: str) -> int:
        """Say up to which position the events of one company are folded."""
        part = partition_of(company_id.encode(), self._partitions())
        return _position(self._marks(projection), part)

    def _saved(self) -> Saved:
        found = saved_marks(self._log.database).get(self._topic)
        return found or Saved(TopicInfo("", 1), 0)

    def _relayed(self) -> int:
        return self._saved().position

    def _partitions(self) -> int:
        return self._saved().topic.partitions

    def _marks(self, projection: Projection) -> Mapping[int, Mark]:
        """Read the marks that count: a topic that was made anew has other offsets."""
        topic_id = self._saved().topic.topic_id
        marks = self._models.marks(self._models.view(projection))
        return {
            part: mark
            for part, mark in marks.items()
            if part == EMBEDDED or mark.topic_id == topic_id
        }

    def _behind(self, projection: Projection, ends: Mapping[int, int]) -> dict[int, int]:
        """Count what is not folded yet, of each partition where there is such."""
        marks = self._marks(projection)
        waiting = {
            part: end - (marks[part].next_offset if part in marks else 0)
            for part, end in ends.items()
        }
        return {part: count for part, count in waiting.items() if count > 0}


def _position(marks: Mapping[int, Mark], part: int) -> int:
    """Say how far a partition is folded; without a mark, how far the store was before."""
    return marks.get(part, marks.get(EMBEDDED, Mark())).position
