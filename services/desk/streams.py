"""The streams at hand: their state is kept between commits, and read when it is not."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final

from domain.aggregate import Aggregate
from domain.company import Company
from domain.contact import Contact
from domain.events.company import CompanyRegistered
from domain.events.contact import ContactRegistered
from domain.events.ticket import TicketOpened
from domain.interaction import Interaction
from domain.product import Product
from domain.reads import Reads
from domain.survey import Survey
from domain.ticket import Ticket
from services.store import Log, Row

KINDS: Final[dict[str, type[Aggregate[Any]]]] = {
    "company": Company,
    "contact": Contact,
    "ticket": Ticket,
    "interaction": Interaction,
    "survey": Survey,
    "product": Product,
    "reads": Reads,
}

OPENING: Final = (CompanyRegistered, ContactRegistered, TicketOpened)
"""Events that come first in their stream."""

KEPT: Final = 5_000
"""Streams whose state stays in memory between commits: about 5 kB for a ticket."""

COMPANIES: Final = 100_000
"""Ids of companies that are kept in memory: one that was recorded is so for ever."""


class Streams:
    """Finds the state of streams; what it hands out is not to be changed."""

    def __init__(self, log: Log, kept: int = KEPT) -> None:
        self._log = log
        self._size = kept
        self._kept: OrderedDict[str, Aggregate[Any]] = OrderedDict()
        self._companies: set[str] = set()

    def find(self, stream_id: str) -> Aggregate[Any]:
        """Find the state of a stream, from memory or from its events."""
        if stream_id not in self._kept:
            self.gather([stream_id])
        self._kept.move_to_end(stream_id)
        return self._kept[stream_id]

    def gather(self, stream_ids: Iterable[str]) -> None:
        """Read the streams that are not at hand, all at once."""
        missing = [s for s in dict.fromkeys(stream_ids) if s not in self._kept]
        if missing:
            rows = self._log.of_streams(missing)
            for stream_id in missing:
                self._kept[stream_id] = _replayed(stream_id, rows.get(stream_id, []))

    def presume(self, stream_ids: Iterable[str]) -> None:
        """Take streams that are not at hand for empty; if one is not, the append finds out."""
        for stream_id in stream_ids:
            if stream_id not in self._kept:
                self._kept[stream_id] = _replayed(stream_id, [])

    def catch_up(self, stream_ids: Iterable[str]) -> bool:
        """Take over what others recorded since streams were read; say whether they did."""
        known = {stream_id: self.find(stream_id) for stream_id in stream_ids}
        versions = self._log.versions(list(known)) if known else {}
        behind = [s for s, version in versions.items() if version > known[s].version]
        for stream_id in behind:
            state = self._kept[stream_id] = known[stream_id].branch()
            rows = self._log.of_stream(stream_id, since=state.version)
            state.take_stored((row.type, row.state) for row in rows)
        return bool(behind)

    def keep(self, changed: dict[str, Aggregate[Any]]) -> None:
        """Keep the state that a commit led to; let go of what was not asked for longest."""
        self._kept.update(changed)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def holds(self, stream_id: str, event_id: str) -> bool:
        """Say whether an event stands in a stream; all of the stream is read for that."""
        begins = f'{{"event_id":"{event_id}"'.encode()
        return any(row.state.startswith(begins) for row in self._log.of_stream(stream_id))

    def load(self, stream_id: str) -> Aggregate[Any]:
        """Build the state of a stream from its events, for whichever thread."""
        return _replayed(stream_id, self._log.of_stream(stream_id))

    def company_exists(self, company_id: str) -> bool:
        """Say whether a company was ever recorded."""
        if company_id in self._companies:
            return True
        exists = self._log.company_exists(company_id)
        if exists:
            if len(self._companies) == COMPANIES:
                self._companies.clear()
            self._companies.add(company_id)
        return exists


def _replayed(stream_id: str, rows: list[Row]) -> Aggregate[Any]:
    aggregate = KINDS[stream_id.split("/", 1)[0]](stream_id)
    aggregate.take_stored((row.type, row.state) for row in rows)
    return aggregate
