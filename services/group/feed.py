"""The feed from Kafka: what a member of a projection's group reads, ready to be folded.

Positions are those of the read model's own transaction, one for each partition.  What was
folded before is dropped, what is none of the store's is set aside, and what the bus lost comes
from the store: a projection cannot tell this feed from the store's own log.
"""

from collections.abc import Sequence

from projections.projection import View
from services.bus import Follower, Message, TopicInfo, TopicReplaced
from services.control import Keyring
from services.feed import Step, readable
from services.folding import Page
from services.group import strays
from services.group.incarnation import Incarnations, go_over
from services.group.sequences import Sequences
from services.readmodel import Mark, ReadModels
from services.store import Log, Row


class KafkaFeed:
    """Follows the partitions that the group gives to this member."""

    def __init__(self, follower: Follower, models: ReadModels, log: Log, keyring: Keyring) -> None:
        self._follower = follower
        self._topic = TopicInfo(follower.topic_id, follower.partitions)
        self._incarnations = Incarnations(log, follower.topic)
        self._models = models
        self._log = log
        self._keyring = keyring
        self._marks: dict[int, Mark | None] = {}
        self._base = 0
        self.sequences = Sequences(models, log)

    @property
    def is_begun(self) -> bool:
        """Whether every partition of ours is read from where the read model stands."""
        return not self._follower.waits

    def begin(self, view: View) -> None:
        """Read each partition of ours from where the read model stands.

        Raises:
            TopicRefused: If the topic is not the one that the relay publishes to.
            Fenced: If another process moved the read model just now.
        """
        parts = self._follower.assigned()
        self._incarnations.must_be_right(self._follower.topic_id)
        self._base, marks = go_over(self._models, view, self._topic)
        self.sequences.forget(self._base)
        self._marks = {part: marks.get(part) for part in parts}
        self._pass_over(view, [part for part in sorted(parts) if part not in marks])
        self._follower.begin(
            {part: mark.next_offset if mark else 0 for part, mark in self._marks.items()}
        )

    def pages(self, view: View, limit: int) -> list[Page]:
        """Read what came, at most *limit* records; wait a moment if nothing did.

        Raises:
            TopicRefused: If the topic was made anew.
            BrokerAway: If it was, and is filled again already; make another follower.
        """
        try:
            found = self._follower.poll(limit)
        except TopicReplaced as error:
            self._incarnations.refuse(error, self._follower.topic_id)
            raise
        return [
            self._page(view, part, messages)
            for part, messages in sorted(found.items())
            if part in self._marks
        ]

    def rest(self) -> None:
        """Read nothing for a moment, and stay in the group."""
        self._follower.rest()

    def folded(self, page: Page) -> None:
        """Remember that a page is committed."""
        self._marks[page.part] = page.new
        self.sequences.keep([step.row for step in page.steps])

    def save(self, view: View, page: Page) -> None:
        """Write what else *page* brings; inside the transaction of its rows."""
        self.sequences.save(view, [step.row for step in page.steps])
        topic = (self._follower.topic, self._follower.topic_id)
        strays.save(self._models, view, page.part, topic, page.strays)

    def _page(self, view: View, part: int, messages: Sequence[Message]) -> Page:
        old = self._marks[part]
        begin = old.next_offset if old else 0
        arrived, others = strays.sort_out(
            self._log, part, self._topic.partitions, [m for m in messages if m.offset >= begin]
        )
        high = max((row.position for row, _ in arrived), default=0)
        position = max(old.position if old else self._base, high)
        new = Mark(position, messages[-1].offset + 1, self._follower.topic_id)
        fresh = [(row, offset) for row, offset in arrived if row.position > self._base]
        return Page(part, old, new, self._steps(view, fresh), others)

    def _steps(self, view: View, fresh: Sequence[tuple[Row, int]]) -> list[Step]:
        rows, offsets = [], []
        completed = self.sequences.complete(view, [row for row, _ in fresh])
        for (_, offset), folded in zip(fresh, completed, strict=True):
            for row in folded:
                rows.append(row)
                # A missing one that came from the store is folded before its successor is read.
                offsets.append(offset + 1 if row is folded[-1] else offset)
        events = readable(rows, self._keyring)
        return [
            Step(row, logged, offset)
            for row, logged, offset in zip(rows, events, offsets, strict=True)
        ]

    def _pass_over(self, view: View, parts: Sequence[int]) -> None:
        """Begin partitions that were never read where they hold what the store did not bring.

        The recorded clock never falls, and records carry it.  Should an offset lie too far on
        all the same, then the sequences show the hole, and it is filled from the store.
        """
        last = self._log.at(self._base) if self._base and parts else None
        if last is None:
            return
        offsets = self._follower.offsets_at(parts, last.committed_at // 1000)
        with self._models.database.transaction():
            for part in parts:
                mark = Mark(self._base, offsets[part], self._topic.topic_id)
                self._models.advance(view, part, None, mark)
                self._marks[part] = mark
