"""A company in a few figures, folded from its events: what a replay shows beside each step."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, cast, get_args

import orjson

from domain.events import AnyTicketEvent, Event, Recorded
from domain.events.account import CompanyEscalationDeclined, CompanyProfileChanged
from domain.events.company import (
    CompanyEscalationRaised,
    CompanyEscalationResolved,
    CompanyRegistered,
    ContactAffiliated,
    ContactAffiliationEnded,
)
from domain.events.interaction import InteractionLogged
from domain.events.ticket import (
    AgentReplySent,
    CustomerMessageReceived,
)
from domain.values import rfc3339
from projections.splits import Place
from projections.ticket_record import Status
from projections.ticket_state import TicketState
from projections.ticket_streams import Streams

PROMISES: Final = ("open", "kept", "broken", "withdrawn")
STATUSES: Final[tuple[str, ...]] = get_args(Status)


@dataclass(slots=True)
class CompanySummary:
    """How many tickets, people, promises and escalations a company has, and the last contact."""

    company_id: str | None = None
    name: str | None = None
    events: int = 0
    tickets: Counter[str] = field(default_factory=Counter)
    promises: Counter[str] = field(default_factory=Counter)
    contacts: set[str] = field(default_factory=set)
    escalations: set[str] = field(default_factory=set)
    last_contact: dict[str, Any] | None = None
    streams: Streams = field(default_factory=Streams)

    def take(self, place: Place, recorded: Recorded[Event]) -> None:
        """Take over one event of the company, of whatever stream.

        Args:
            place: Where it stands in the order of what happened.
        """
        self.events += 1
        self.company_id = self.company_id or recorded.company_id
        if recorded.kind == "ticket":
            self._take_ticket(place, cast("Recorded[AnyTicketEvent]", recorded))
        match recorded.data:
            case CompanyRegistered(name=name):
                self.name = name
            case CompanyProfileChanged(changes=changed):
                self.name = next((c.new for c in changed if c.field == "name"), self.name)
            case ContactAffiliated(contact_id=contact) if contact:  # else it is withheld
                self.contacts.add(contact)
            case ContactAffiliationEnded(contact_id=contact):
                self.contacts.discard(contact)
            case CompanyEscalationRaised(escalation_id=escalation):
                self.escalations.add(escalation)
            case (
                CompanyEscalationResolved(escalation_id=escalation)
                | CompanyEscalationDeclined(escalation_id=escalation)
            ):
                self.escalations.discard(escalation)
            case CustomerMessageReceived() | AgentReplySent() | InteractionLogged():
                self.last_contact = {
                    "type": recorded.type,
                    "at": rfc3339(recorded.occurred_at),
                    "actor": recorded.actor,
                    "stream_id": recorded.stream_id,
                }
            case _:
                pass

    def figures(self) -> dict[str, Any]:
        """Tell the figures as they stand."""
        return {
            "company_id": self.company_id,
            "name": self.name,
            "events": self.events,
            "tickets": {status: self.tickets[status] for status in STATUSES},
            "promises": {state: self.promises[state] for state in PROMISES},
            "contacts": len(self.contacts),
            "escalations": len(self.escalations),
            "last_contact": self.last_contact,
        }

    def joined(self, absorbed: Iterable["CompanySummary"]) -> "CompanySummary":
        """Count in what the records hold that were merged into this one."""
        every = [self, *absorbed]
        if len(every) == 1:
            return self
        return CompanySummary(
            self.company_id,
            self.name,
            sum(each.events for each in every),
            sum((each.tickets for each in every), Counter()),
            sum((each.promises for each in every), Counter()),
            set().union(*(each.contacts for each in every)),
            {f"{each.company_id}/{one}" for each in every for one in each.escalations},
            max(
                (each.last_contact for each in every if each.last_contact),
                key=lambda contact: (contact["at"], contact["stream_id"]), default=None,
            ),
        )  # fmt: skip

    def dump(self) -> bytes:
        """Write the figures as canonical JSON."""
        return orjson.dumps(self.figures(), option=orjson.OPT_SORT_KEYS)

    def _take_ticket(self, place: Place, recorded: Recorded[AnyTicketEvent]) -> None:
        touched, states = self.streams.touched_by(recorded), self.streams.states
        for stream in touched:
            if stream in states:
                self._count(states[stream], -1)
        self.streams.take(place, recorded)
        for stream in touched:
            if stream in states:
                self._count(states[stream], +1)

    def _count(self, state: TicketState, by: int) -> None:
        self.tickets[state.status] += by
        for promise in state.promises:
            self.promises[promise["state"]] += by
