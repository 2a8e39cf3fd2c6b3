"""The events of one ticket or one company, opened, in the order they happened.

A ticket is the whole chain of its streams.  Rights are looked at before any text is opened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from domain.events import Logged
from domain.values import Reader, rfc3339, ticket_chain
from projections.redaction import is_hidden
from services.control import Keyring
from services.feed import opened
from services.store import Log, Row

TICKET: Final = "ticket/"
COMPANY: Final = "company/"


@dataclass(frozen=True, slots=True)
class Link:
    """One stream of a ticket's chain.

    Attributes:
        company_id: Whose it is; ``None`` if the reader may not know.
        since: When it began.
    """

    ticket_id: str
    company_id: str | None
    since: str


@dataclass(frozen=True)
class History:
    """What happened to a ticket, or with a company, as one reader may know of it.

    Attributes:
        events: In the order they happened, without those hidden from the reader.
        companies: Those it belongs to that the reader may read.
        ticket_id: The chain's first stream; ``None`` for a company.
    """

    reader: Reader
    events: list[Logged]
    companies: list[str]
    ticket_id: str | None

    @property
    def position(self) -> int:
        """The largest position in it."""
        return max(event.position for event in self.events)

    def links(self, count: int) -> list[Link]:
        """List the streams of the ticket's chain that had begun by step *count*."""
        firsts: dict[str, Logged] = {}
        for logged in self.events[:count]:
            firsts.setdefault(logged.event.stream_id, logged)
        return [
            Link(
                logged.event.local_id,
                logged.event.company_id if self.reader.may_read(logged.event.company_id) else None,
                rfc3339(logged.event.occurred_at),
            )
            for logged in firsts.values()
        ]

    def ordinal(self, event_id: str) -> int | None:
        """Say which step an event is."""
        for ordinal, logged in enumerate(self.events, 1):
            if str(logged.event.event_id) == event_id:
                return ordinal
        return None


def streams_of(log: Log, ticket_id: str) -> list[str]:
    """List the streams of a ticket's chain that exist; any of them names it."""
    chain = ticket_chain(ticket_id.removeprefix(TICKET))
    return list(_existing(log, f"{TICKET}{chain}"))


def read_history(
    log: Log, keyring: Keyring, reader: Reader, target: str | list[str], upto: int | None
) -> History | None:
    """Read the streams of a ticket, or a company by its id; ``None`` if there is nothing to see.

    Args:
        upto: The last position that counts.
    """
    if isinstance(target, str):
        rows = list(log.all_of_company(target, upto))
    else:
        rows = [row for stream in target for row in log.of_stream(stream, upto)]
    companies = _readable(reader, rows)
    if not companies:
        return None
    events = [logged for logged in opened(rows, keyring) if not is_hidden(reader, logged.event)]
    events.sort(key=lambda logged: logged.happened)
    ticket_id = None if isinstance(target, str) else ticket_chain(target[0].removeprefix(TICKET))
    return History(reader, events, companies, ticket_id) if events else None


def _existing(log: Log, first: str) -> Iterator[str]:
    number, stream = 1, first
    while log.stream_exists(stream):
        yield stream
        number += 1
        stream = f"{first}~{number}"


def _readable(reader: Reader, rows: list[Row]) -> list[str]:
    found = {row.company_id for row in rows}
    return sorted(company for company in found if company and reader.may_read(company))
