"""Example events as they are stored, and a log in memory that gives them their places.

Each function records one of `tests.examples`, with fields that a test may replace:
``customer_wrote("TCK-7", body="Help!", occurred_at=at("14:02"))``.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

from domain.events import Event, Logged, Recorded, Source
from domain.events.base import people_in
from domain.events.company import (
    CompanyRegistered,
    ContactAffiliated,
    PurchaseRecorded,
)
from domain.events.duties import (
    CommitmentMade,
    ConsultationRequested,
    StepRecorded,
)
from domain.events.interaction import InteractionLogged
from domain.events.survey import SurveyAnswered, SurveySent
from domain.events.ticket import (
    AgentReplySent,
    CustomerMessageReceived,
    InternalNoteAdded,
    TicketAssigned,
    TicketClassified,
    TicketOpened,
    TicketResolved,
)
from domain.values import Visibility, micros
from tests.examples import ACME, ANA, EXAMPLES, JAN, MIA, MONDAY, TICKET, TOM, at, example

__all__ = ["ACME", "ANA", "EXAMPLES", "JAN", "MIA", "MONDAY", "TICKET", "TOM", "at", "example"]
"""Words of the examples, for tests that import this file alone."""

_numbers = count(1)


def recorded(
    event: Event,
    stream: str,
    *,
    company: str | None = ACME,
    actor: str = "system/crm",
    occurred_at: datetime = MONDAY,
    recorded_at: datetime | None = None,
    visibility: Visibility | None = None,
    imported: bool = False,
) -> Recorded[Event]:
    """Put *event* into the document that is stored, text open."""
    number = next(_numbers)
    return Recorded[Any](
        event_id=UUID(int=(0x7 << 76) | (0x8 << 60) | number),
        type=event.TYPE,
        schema_version=event.VERSION,
        company_id=company,
        stream_id=stream,
        occurred_at=occurred_at,
        recorded_at=recorded_at or occurred_at,
        actor=actor,
        source=Source(system="tests", external_id=str(number), imported=imported),
        visibility=visibility or event.VISIBILITY or "public",
        subjects=tuple(dict.fromkeys(people_in(event))),
        data=event,
    )


@dataclass
class Log:
    """A log in memory that gives each event its place, as the store does."""

    position: int = 0
    history: list[Logged] = field(default_factory=list)
    _versions: Counter[str] = field(default_factory=Counter)
    _seqs: Counter[str] = field(default_factory=Counter)
    _public: Counter[str] = field(default_factory=Counter)
    _latest: dict[str, datetime] = field(default_factory=dict)

    def add(self, *events: Recorded[Event]) -> list[Logged]:
        """Append *events* and return them at their places."""
        added = [self._place(event) for event in events]
        self.history.extend(added)
        return added

    def _place(self, event: Recorded[Event]) -> Logged:
        self.position += 1
        self._versions[event.stream_id] += 1
        company = event.company_id
        return Logged(
            position=self.position,
            stream_version=self._versions[event.stream_id],
            company_seq=_next(self._seqs, company),
            public_seq=_next(self._public, company if event.visibility == "public" else None),
            committed_at=micros(event.recorded_at) + self.position,
            late=self._is_late(event),
            event=event,
        )

    def _is_late(self, event: Recorded[Event]) -> bool:
        key = event.company_id or event.stream_id
        latest = self._latest.get(key, event.occurred_at)
        self._latest[key] = max(latest, event.occurred_at)
        return event.occurred_at < latest - timedelta(seconds=60)


def _next(counter: Counter[str], company: str | None) -> int | None:
    if company is None:
        return None
    counter[company] += 1
    return counter[company]


def logged(*events: Recorded[Event]) -> list[Logged]:
    """Put *events* into a log of their own."""
    return Log().add(*events)


ENVELOPE: Final = frozenset(
    ("company", "actor", "occurred_at", "recorded_at", "visibility", "imported")
)


def happened(model: type[Event], stream: str, **known: Any) -> Recorded[Event]:
    """Record the example of *model*; names that are not of the envelope replace its fields."""
    envelope = {name: known.pop(name) for name in list(known) if name in ENVELOPE}
    return recorded(example(model, **known), stream, **envelope)


def on_ticket(model: type[Event], ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    """Record the example of *model* on a ticket."""
    return happened(model, f"ticket/{ticket}", **known)


def on_company(model: type[Event], **known: Any) -> Recorded[Event]:
    """Record the example of *model* on a company."""
    return happened(model, f"company/{known.get('company', ACME)}", **known)


def company_registered(**known: Any) -> Recorded[Event]:
    return on_company(CompanyRegistered, **known)


def affiliated(**known: Any) -> Recorded[Event]:
    return on_company(ContactAffiliated, **known)


def purchased(**known: Any) -> Recorded[Event]:
    return on_company(PurchaseRecorded, **known)


def opened(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    known = {"number": ticket, "actor": f"contact/{known.get('requester_id', JAN)}", **known}
    return on_ticket(TicketOpened, ticket, **known)


def classified(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    return on_ticket(TicketClassified, ticket, **{"actor": "system/rules", **known})


def assigned(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    return on_ticket(TicketAssigned, ticket, **{"actor": f"agent/{TOM}", **known})


def customer_wrote(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    known = {"actor": f"contact/{known.get('contact_id', JAN)}", **known}
    return on_ticket(CustomerMessageReceived, ticket, **known)


def agent_replied(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    return on_ticket(AgentReplySent, ticket, **{"actor": f"agent/{MIA}", **known})


def noted(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    known = {"actor": f"agent/{MIA}", "visibility": "internal", **known}
    return on_ticket(InternalNoteAdded, ticket, **known)


def step_taken(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    return on_ticket(StepRecorded, ticket, **{"actor": f"agent/{MIA}", **known})


def promised(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    return on_ticket(CommitmentMade, ticket, **{"actor": f"agent/{TOM}", **known})


def resolved(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    return on_ticket(TicketResolved, ticket, **{"actor": f"agent/{MIA}", **known})


def consulted(ticket: str = TICKET, **known: Any) -> Recorded[Event]:
    return on_ticket(ConsultationRequested, ticket, **{"actor": f"agent/{MIA}", **known})


def talked(interaction: str = "call-1", **known: Any) -> Recorded[Event]:
    known = {"actor": f"agent/{TOM}", **known}
    return happened(InteractionLogged, f"interaction/{interaction}", **known)


def surveyed(survey: str = "V-1", **known: Any) -> Recorded[Event]:
    return happened(SurveySent, f"survey/{survey}", **known)


def answered(survey: str = "V-1", **known: Any) -> Recorded[Event]:
    known = {"actor": f"contact/{JAN}", **known}
    return happened(SurveyAnswered, f"survey/{survey}", **known)


def every_event(occurred_at: datetime = MONDAY) -> Iterable[Recorded[Event]]:
    """Record one event of every type, a minute apart, each in a stream of its kind."""
    for minute, (name, vivid) in enumerate(EXAMPLES.items()):
        kind = name.split(".", 1)[0]
        company = None if kind in ("contact", "product", "reads") else ACME
        stream = {"company": f"company/{ACME}", "ticket": f"ticket/{TICKET}"}.get(kind)
        moment = occurred_at + timedelta(minutes=minute)
        yield recorded(vivid, stream or f"{kind}/one", company=company, occurred_at=moment)
