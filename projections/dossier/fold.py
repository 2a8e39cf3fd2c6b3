"""The fold: one company's events, in the order they happened, into its dossier.

One pure fold is behind the card, the dossier as of any instant and the difference between two.
An event changes its company's record, and its ticket's; the ticket of an event must be at hand.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, cast

import orjson

from domain.events import AnyCompanyEvent, Event, Logged, Recorded
from domain.events.interaction import InteractionLogged
from domain.events.ties import TicketSplit
from domain.values import Reader, rfc3339
from projections import splits
from projections.dossier import company, ticket, touches
from projections.dossier.parting import parted
from projections.dossier.record import Dossier, Entry, Held, document, dossier, dump, held
from projections.redaction import is_closed, redact, withhold

NOTHING: Final = document(Dossier(), {})
"""The document of a company of which nothing is known."""


Lived = Callable[[Logged], Iterable[Logged]]


@dataclass(slots=True)
class Folded:
    """A company as far as it is folded.

    Attributes:
        tickets: By stream; at least those that are open, and those whose events are folded.
    """

    company: Dossier = field(default_factory=Dossier)
    tickets: dict[str, Held] = field(default_factory=dict)

    def take(self, logged: Logged, reader: Reader, lived: Iterable[Logged] = ()) -> None:
        """Take over one event, which happened after all before it, as *reader* may know of it.

        Args:
            lived: Where it splits a ticket, what counts in the two from then on.
        """
        recorded, position = seen(logged, reader), logged.position
        closed = is_closed(reader, logged.event)
        known, at = self.company, rfc3339(recorded.occurred_at)
        known.company_id = recorded.company_id or known.company_id
        known.events += 1
        known.first_event_at = known.first_event_at or at
        known.last_event_at = at
        if isinstance(recorded.data, TicketSplit):
            now = (seen(each, reader) for each in lived)
            parted(known, self.tickets, cast("Recorded[TicketSplit]", recorded), now)
        elif recorded.kind == "ticket":
            ticket.told(known, self.ticket(recorded.stream_id), recorded, position, closed=closed)
        elif recorded.kind == "company" and not (closed and company.is_all_content(recorded.data)):
            company.told(known, cast("Recorded[AnyCompanyEvent]", recorded), position)
        elif isinstance(recorded.data, InteractionLogged) and not closed:
            touches.met(known, recorded.data, recorded)
        if closed:
            touches.withheld(known, recorded)

    def recall(self, recorded: Recorded[Event]) -> None:
        """Take an earlier event over into its ticket alone: the company knows of it."""
        ticket.held_on(self.ticket(recorded.stream_id), recorded)

    def ticket(self, stream: str) -> Held:
        """Find the ticket of a stream, new if it is not at hand."""
        if (known := self.tickets.get(stream)) is None:
            known = self.tickets[stream] = Held()
        return known

    @property
    def document(self) -> bytes:
        """The whole document: equal ones are equal byte for byte."""
        return document(self.company, self.tickets)

    def copy(self) -> "Folded":
        """Copy it, so that the two can go on apart."""
        return Folded(
            dossier(orjson.loads(dump(self.company))),
            {stream: held(orjson.loads(dump(each))) for stream, each in self.tickets.items()},
        )


def read(whole: bytes | Entry) -> Folded:
    """Take a fold up again from a document."""
    found = whole if isinstance(whole, dict) else orjson.loads(whole)
    tickets = (held(fields) for fields in found["open_tickets"].values())
    return Folded(
        dossier(found["company"]), {f"ticket/{each.state.ticket_id}": each for each in tickets}
    )


def fold(
    events: Iterable[Logged],
    reader: Reader,
    folded: Folded | None = None,
    lived: Lived | None = None,
) -> Folded:
    """Fold *events*, in the order they happened, as *reader* may know of them.

    Args:
        lived: Finds what counts in two tickets from the event on that split them; without it
            they are found among *events*.
    """
    folded, every = folded or Folded(), list(events)
    lived = lived or (lambda split: splits.lived_among(every, split))
    for logged in every:
        folded.take(logged, reader, lived(logged) if splits.parted_by(logged.event) else ())
    return folded


def seen(logged: Logged, reader: Reader) -> Recorded[Event]:
    """See an event as *reader* may: of one that is closed to them, that it happened.

    What a company is called, and by which domains it is known, is told to all of its readers.
    """
    if not is_closed(reader, logged.event):
        return logged.event
    is_profile = isinstance(logged.event.data, company.PROFILE)
    return redact(logged.event) if is_profile else withhold(logged.event)
