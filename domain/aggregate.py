"""Report, decide, evolve: the form every aggregate here has.

`decide` holds the rules and says what to record; `evolve` turns what was recorded into state
and checks nothing, so tightening a rule never breaks a replay.  State that events out of
order could spoil carries the time it was set at, so that the order of arrival does not matter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

from domain.errors import OtherCompany
from domain.events import Event, Recorded, decode, glimpse

E = TypeVar("E", bound=Event)

COPIED: Final = (set, dict)
"""What a state holds that would change under its copy."""


@dataclass(frozen=True, slots=True)
class Decided:
    """An event at its place in its stream: what the eventsourcing library stores."""

    originator_id: str
    originator_version: int
    event: Recorded[Any]


class Aggregate(Generic[E]):
    """One stream of events, and the rules of what may be added to it.

    Attributes:
        stream_id: ``kind/id``.
        version: How many events the stream has; the first one is version 1.
        company_id: The company the stream belongs to for ever.
        latest: When the newest thing in it happened.
    """

    READ: ClassVar[frozenset[str]] = frozenset()
    """Types of which `evolve` reads fields; of others it takes that it happened, and when."""

    def __init__(self, stream_id: str) -> None:
        self.stream_id = stream_id
        self.version = 0
        self.company_id: str | None = None
        self.latest: datetime | None = None

    @property
    def local_id(self) -> str:
        """The stream's id without its kind."""
        return self.stream_id.split("/", 1)[1]

    def decide(self, reported: Recorded[E]) -> Iterator[E]:
        """Say what to record now that *reported* has happened, *reported* itself first."""
        raise NotImplementedError

    def evolve(self, happened: Recorded[E]) -> None:
        """Take over what *happened*; never refuse."""
        raise NotImplementedError

    def take(self, happened: Recorded[Any]) -> None:
        """Put *happened* at the end of the stream."""
        if not self.version:
            self.company_id = self.company_id or happened.company_id
        self.version += 1
        if self.latest is None or happened.occurred_at > self.latest:
            self.latest = happened.occurred_at
        self.evolve(happened)

    def is_news(self, reported: Recorded[Any]) -> bool:
        """Whether something may follow from *reported*: live, and not older than the stream."""
        return reported.is_live and (self.latest is None or reported.occurred_at >= self.latest)

    def must_belong_to(self, reported: Recorded[Any]) -> None:
        """Refuse a report that names another company than the stream's.

        Raises:
            OtherCompany: If it does.
        """
        if self.version and reported.company_id != self.company_id:
            raise OtherCompany(
                f"{self.stream_id} belongs to company {self.company_id}, not to "
                f"{reported.company_id}; leave the company out, or report ticket.moved_away first"
            )

    def branch(self) -> Self:
        """Copy the state, so that what happens to the copy does not happen here."""
        twin = self.__class__.__new__(self.__class__)
        twin.__dict__ = {
            name: value.copy() if value.__class__ in COPIED else value
            for name, value in vars(self).items()
        }
        return twin

    @classmethod
    def replay(cls, stream_id: str, events: Iterable[Recorded[Any]]) -> Self:
        """Build the state that *events* leave."""
        aggregate = cls(stream_id)
        for happened in events:
            aggregate.take(happened)
        return aggregate

    def take_stored(self, documents: Iterable[tuple[str, bytes]]) -> None:
        """Put stored documents, each with its type, at the end of the stream."""
        for type_name, state in documents:
            is_read = not self.version or type_name in self.READ
            self.take((decode if is_read else glimpse)(type_name, state))
