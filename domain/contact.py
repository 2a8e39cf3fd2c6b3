"""Contact: a person, apart from any company.

registered → further addresses, merged into another and parted again
"""

from collections.abc import Iterator
from typing import assert_never

from domain.aggregate import Aggregate
from domain.errors import (
    AlreadyMerged,
    AlreadyRegistered,
    MergedIntoItself,
    NotRegistered,
    UnknownMerge,
)
from domain.events import AnyContactEvent, Recorded
from domain.events.contact import (
    ContactIdentityLinked,
    ContactMergeReverted,
    ContactRegistered,
    ContactsMerged,
)


class Contact(Aggregate[AnyContactEvent]):
    """One person.

    Attributes:
        merges: Those in force: the event's id, and the contact this one went into.
    """

    READ = frozenset((ContactsMerged.TYPE, ContactMergeReverted.TYPE))

    def __init__(self, stream_id: str) -> None:
        super().__init__(stream_id)
        self.registered = False
        self.merges: dict[str, str] = {}

    @property
    def merged_into(self) -> str | None:
        """The contact this one goes on in."""
        return next(iter(self.merges.values()), None)

    def decide(self, reported: Recorded[AnyContactEvent]) -> Iterator[AnyContactEvent]:
        """Say what to record now that *reported* has happened.

        Raises:
            AlreadyRegistered: If the person is registered a second time.
            NotRegistered: If nobody registered them yet.
            MergedIntoItself: If the person is merged into themselves.
            AlreadyMerged: If they go on as another person already.
            UnknownMerge: If there is no such merge to revert.
        """
        match reported.data:
            case ContactRegistered():
                if self.registered:
                    raise AlreadyRegistered(f"{self.stream_id} is registered already")
            case _ if not self.registered:
                raise NotRegistered(
                    f"nobody registered {self.stream_id}; report contact.registered first"
                )
            case ContactsMerged(kept_id=kept):
                if kept == self.local_id:
                    raise MergedIntoItself(f"{self.stream_id} cannot be merged into itself")
                if self.merged_into:
                    raise AlreadyMerged(
                        f"{self.stream_id} goes on as {self.merged_into}; revert that merge first"
                    )
            case ContactMergeReverted(merge_event_id=merge):
                if str(merge) not in self.merges:
                    raise UnknownMerge(f"{self.stream_id} has no merge {merge} to revert")
            case _:
                pass
        yield reported.data

    def evolve(self, happened: Recorded[AnyContactEvent]) -> None:
        """Take over what happened."""
        match happened.data:
            case ContactRegistered():
                self.registered = True
            case ContactsMerged(kept_id=kept):
                self.merges[str(happened.event_id)] = kept
            case ContactMergeReverted(merge_event_id=merge):
                self.merges.pop(str(merge), None)
            case ContactIdentityLinked():
                pass
            case _ as never:
                assert_never(never)
