"""Which incarnation of a topic a read model follows, and how it comes to another one.

A topic that was lost is made anew, with other offsets and perhaps another number of partitions,
and the relay publishes everything on it again.  A read model goes over to it at once: it reads
the new one from its beginning, and drops by their sequences the events that it knows.
"""

from collections.abc import Mapping

from projections.projection import View
from services.bus import BrokerAway, TopicInfo, TopicRefused
from services.readmodel import EMBEDDED, Mark, ReadModels
from services.relay.mark import RelayMark, saved_marks
from services.store import Log


class Incarnations:
    """Knows, from the store's database, which topic of a name is the right one."""

    def __init__(self, log: Log, topic: str) -> None:
        RelayMark(log.url).close()  # a member may be there before the first relay
        self._log = log
        self._topic = topic

    def accepted(self) -> str | None:
        """Say the id of the topic that the relay publishes to; ``None`` if it never did."""
        saved = saved_marks(self._log.database).get(self._topic)
        return saved.topic.topic_id if saved else None

    def must_be_right(self, topic_id: str) -> None:
        """Check that a topic is the one that the relay publishes to.

        Raises:
            TopicRefused: If it is another one.
        """
        accepted = self.accepted()
        if accepted not in (None, topic_id):
            raise TopicRefused(
                f"{self._topic} was made anew: it is {topic_id}, and what was published is on "
                f"{accepted}; publish everything again: longcase relay republish"
            )

    def refuse(self, error: TopicRefused, topic_id: str) -> None:
        """Fail with *error*, if the topic that is followed is still the right one.

        Raises:
            TopicRefused: If it is.
            BrokerAway: If the relay publishes to the new one already, which can be followed.
        """
        if self.accepted() in (None, topic_id):
            raise error
        raise BrokerAway(f"{self._topic} was made anew and is filled again: going over to it")


def go_over(models: ReadModels, view: View, topic: TopicInfo) -> tuple[int, dict[int, Mark]]:
    """Say up to where a read model was built from the store, and where each partition stands.

    If it followed the store's own log, or another incarnation of the topic, it follows this one
    from here on: whoever follows the other one is fenced, as its marks have moved.

    Raises:
        Fenced: If another process moved a mark just now.
    """
    marks = models.marks(view)
    whole = marks.pop(EMBEDDED, None)
    base = whole.position if whole else 0
    if whole and whole.topic_id == topic.topic_id:
        return base, marks
    gone = {part: mark for part, mark in marks.items() if part >= topic.partitions}
    moved = {part: mark for part, mark in marks.items() if part not in gone}
    new = dict.fromkeys(moved, Mark(_low(base, marks), 0, topic.topic_id))
    with models.database.transaction():
        models.advance(view, EMBEDDED, whole, Mark(base, 0, topic.topic_id))
        for part, mark in sorted(moved.items()):
            models.advance(view, part, mark, new[part])
        models.database.many(
            "DELETE FROM positions WHERE name = ? AND generation = ? AND part = ?",
            [(view.projection.name, view.generation, part) for part in gone],
        )
    return base, new


def _low(base: int, marks: Mapping[int, Mark]) -> int:
    """Say up to which position all companies were folded, wherever they are kept now."""
    if set(marks) != set(range(len(marks))):
        return base  # a partition without a mark had not been read
    return min((mark.position for mark in marks.values()), default=base)
