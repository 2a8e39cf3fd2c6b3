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
from projections.redaction import is_closed, withhold

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

    def take(
        self, recorded: Recorded[Event], position: int, lived: Iterable[Recorded[Event]] = ()
    ) -> None:
        """Take over one event of the company, which happened after all that were before.

        Args:
            lived: Where it splits a ticket, what counts in the two from then on.
        """
        known, at = self.company, rfc3339(recorded.occurred_at)
        known.company_id = recorded.company_id or known.company_id
        known.events += 1
        known.first_event_at = known.first_event_at or at
        known.last_event_at = at
        if isinstance(recorded.data, TicketSplit):
            parted(known, self.tickets, cast("Recorded[TicketSplit]", recorded), lived)
        elif recorded.kind == "ticket":
            ticket.told(known, self.ticket(recorded.stream_id), recorded, position)
        elif recorded.kind == "company":
            company.told(known, cast("Recorded[AnyCompanyEvent]", recorded), position)
        elif isinstance(recorded.data, InteractionLogged):
            touches.met(known, recorded.data, recorded)

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
        counting = lived(logged) if splits.parted_by(logged.event) else ()
        folded.take(seen(logged, reader), logged.position, (seen(e, reader) for e in counting))
    return folded


def seen(logged: Logged, reader: Reader) -> Recorded[Event]:
    """See an event as *reader* may: what they may not read has neither text nor names."""
    return withhold(logged.event) if is_closed(reader, logged.event) else logged.event
