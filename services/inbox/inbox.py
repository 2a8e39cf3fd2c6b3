"""The inbox: a topic that publishers send to → the desk, and what it refuses → the rejects.

Promise: each record is recorded once, or stands among the rejects with its reason; nothing is
dropped.  A page goes to the desk in one call; its rejects are acknowledged; only then the
positions move.  After a kill in between the desk answers `duplicate`, and what stands among
the rejects already is left there.
"""

from collections.abc import Mapping, Sequence
from threading import Event
from typing import Final

import structlog

from services.bus import Brokers, Follower, Message
from services.bus.stretch import Reach, reaches
from services.desk import Desk
from services.failpoints import failpoint
from services.group.member import Displaced
from services.heartbeat import RUNNING, Pulse
from services.inbox.mark import InboxMark, Mark
from services.inbox.rejects import Offsets, Rejects, Source
from services.inbox.taking import Taking

PAGE: Final = 1_000
"""Records taken in one commit, at most."""

REFUSALS: Final = 20
"""How often in a row the positions may be refused: another process is at the same work."""

logger = structlog.get_logger()


class Inbox:
    """One of the processes that share the partitions of the inbox; for one thread."""

    def __init__(
        self,
        brokers: Brokers,
        follower: Follower,
        desk: Desk,
        mark: InboxMark,
        rejects: Rejects,
        *,
        pulse: Pulse,
    ) -> None:
        self._brokers = brokers
        self._follower = follower
        self._taking = Taking(desk)
        self._mark = mark
        self._rejects = rejects
        self._pulse = pulse
        self._marks: dict[int, Mark] = {}
        self._rejected: Offsets = {}
        self._is_begun = False
        self._refused = 0
        self._turns = 0

    @property
    def signs(self) -> int:
        """Count the signs of life: they stop only if a client hangs."""
        return self._turns + self._taking.commits

    def run(self, stop: Event) -> None:
        """Take what comes until *stop* is set; the page at hand is finished.

        Raises:
            Displaced: If another process is at the same partitions, again and again.
            TopicRefused: If the topic was made anew; run another inbox.
            Unacknowledged: If the rejects are not taken; run another inbox.
            Unavailable: If the store cannot be written now; run another inbox.
        """
        while not stop.is_set():
            self.turn(stop)

    def turn(self, stop: Event) -> int:
        """Take what came; say how many records that was."""
        if self._follower.waits or not self._is_begun:
            self._begin()
        found = self._follower.poll(PAGE)
        pages = {part: page for part, page in sorted(found.items()) if part in self._marks}
        self._pulse.say(RUNNING)
        if pages:
            self._take(pages, stop)
        self._turns += 1
        records = sum(map(len, pages.values()))
        self._pulse.moved(0, records)
        return records

    def _begin(self) -> None:
        """Read each partition of ours from where its mark stands."""
        parts = self._follower.assigned()
        self._marks = {}  # nothing is read until all of them are known
        held = reaches(self._brokers, self._follower.topic, parts)
        marks = self._mark.all()
        waiting = {p: marks[p] for p in parts if p in marks and self._waits(marks[p], held[p])}
        self._rejected = self._rejects.rejected_before(
            self._follower.topic,
            self._follower.topic_id,
            [mark.rejects_end for mark in waiting.values()],
        )
        self._marks = {part: self._placed(part, marks.get(part), held[part]) for part in parts}
        self._follower.begin({part: mark.next_offset for part, mark in self._marks.items()})
        self._is_begun = True

    def _waits(self, mark: Mark, held: Reach) -> bool:
        """Say whether something may have been rejected that the mark does not know of."""
        return mark.topic_id == self._follower.topic_id and mark.next_offset < held.end

    def _placed(self, part: int, mark: Mark | None, held: Reach) -> Mark:
        """Say where to read a partition from; what is not the log we were in, from its begin.

        Reading again costs time and nothing else: the desk drops repeats.
        """
        said = logger.bind(topic=self._follower.topic, partition=part)
        topic_id = self._follower.topic_id
        if mark and mark.topic_id == topic_id and held.begin <= mark.next_offset <= held.end:
            return mark
        if mark and mark.topic_id != topic_id:
            said.warning("the topic was made anew; read from its begin")
        elif mark and mark.next_offset > held.end:
            said.warning("the topic lost what was read; read from its begin")
        elif mark:
            lost = held.begin - mark.next_offset
            said.error("the topic deleted records that nobody had read", records=lost)
        placed = Mark(topic_id, held.begin, self._rejects.end)
        if self._mark.move(part, mark, placed):
            return placed
        return self._placed(part, self._mark.all().get(part), held)

    def _take(self, pages: Mapping[int, Sequence[Message]], stop: Event) -> None:
        """Bring a page before the desk, publish its rejects, then move the marks."""
        arrived = [(part, message) for part in pages for message in self._fresh(part, pages[part])]
        failpoint("inbox.before_record")
        told = self._taking.take([message for _, message in arrived])
        failpoint("inbox.after_record_before_rejects")
        rejected = []
        for (part, message), receipts in zip(arrived, told, strict=True):
            if any(receipt.status == "refused" for receipt in receipts):
                source = Source(self._follower.topic, self._follower.topic_id, part)
                rejected.append(self._rejects.record(source, message, receipts))
        if rejected:
            if not all(self._mark.is_at(part, self._marks[part]) for part in pages):
                self._displaced()
                return
            if not self._rejects.publish(rejected, stop):
                return
            logger.info("records rejected", records=len(rejected), of=len(arrived))
        failpoint("inbox.after_record_before_mark")
        self._move(pages)
        failpoint("inbox.after_mark")

    def _fresh(self, part: int, messages: Sequence[Message]) -> list[Message]:
        """Leave out what is done with: before the mark, or rejected already."""
        begin, rejected = self._marks[part].next_offset, self._rejected.get(part, ())
        return [m for m in messages if m.offset >= begin and m.offset not in rejected]

    def _move(self, pages: Mapping[int, Sequence[Message]]) -> None:
        are_ours = True
        for part, messages in pages.items():
            old = self._marks[part]
            new = Mark(old.topic_id, messages[-1].offset + 1, self._rejects.end)
            if self._mark.move(part, old, new):
                self._marks[part] = new
            else:
                are_ours = False
        if are_ours:
            self._refused = 0
        else:
            self._displaced()

    def _displaced(self) -> None:
        """Read the marks again: somebody else moved one, while our partitions were theirs."""
        self._is_begun = False
        self._refused += 1
        logger.info("refused, reading the positions again", topic=self._follower.topic)
        if self._refused > REFUSALS:
            raise Displaced(f"the positions in {self._follower.topic} are moved by another process")
