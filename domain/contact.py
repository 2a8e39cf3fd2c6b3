"""Contact: a person, apart from any company.

registered → further addresses
"""

from collections.abc import Iterator
from typing import assert_never

from domain.aggregate import Aggregate
from domain.errors import AlreadyRegistered, NotRegistered
from domain.events import AnyContactEvent, Recorded
from domain.events.contact import ContactIdentityLinked, ContactRegistered


class Contact(Aggregate[AnyContactEvent]):
    """One person."""

    def __init__(self, stream_id: str) -> None:
        super().__init__(stream_id)
        self.registered = False

    def decide(self, reported: Recorded[AnyContactEvent]) -> Iterator[AnyContactEvent]:
        """Say what to record now that *reported* has happened.

        Raises:
            AlreadyRegistered: If the person is registered a second time.
            NotRegistered: If nobody registered them yet.
        """
        match reported.data:
            case ContactRegistered():
                if self.registered:
                    raise AlreadyRegistered(f"{self.stream_id} is registered already")
            case ContactIdentityLinked():
                if not self.registered:
                    raise NotRegistered(
                        f"nobody registered {self.stream_id}; report contact.registered first"
                    )
            case _ as never:
                assert_never(never)
        yield reported.data

    def evolve(self, happened: Recorded[AnyContactEvent]) -> None:
        """Take over what happened."""
        match happened.data:
            case ContactRegistered():
                self.registered = True
            case ContactIdentityLinked():
                pass
            case _ as never:
                assert_never(never)
