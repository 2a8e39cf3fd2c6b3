"""One customer of many years: people come and go, systems change, tickets end, some are open.

However long it lasts, as many tickets are open at a time, and as many systems run; what has a
history (people, versions, seats, worth, facts) has the longer one.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final, Literal

from domain.events import Event, Source
from domain.events import company as c
from domain.events.account import AccountTeamMemberAssigned
from domain.events.assets import InstallationUpgraded, SupportHoursUsed
from domain.events.duties import (
    CommitmentBroken,
    CommitmentKept,
    CommitmentMade,
    ConsultationAnswered,
    ConsultationRequested,
    FactRequested,
)
from domain.events.interaction import InteractionLogged, Participant
from domain.events.ticket import (
    AgentReplySent,
    Assignee,
    CustomerMessageReceived,
    TicketAssigned,
    TicketClassified,
    TicketOpened,
    TicketResolved,
)
from services.wire import Report
from tests.bench.history import BODY

CUSTOMER: Final = "customer"
START: Final = datetime(2014, 1, 6, 9, tzinfo=UTC)
STEP: Final = timedelta(hours=1)
"""Between two events: 100,000 of them are eleven years."""

OPEN: Final = 20
"""Tickets that are worked on at the same time, and are open in the end."""

TALK: Final = 9
"""What has happened to each of them by then."""

LATE: Final = 30
"""Steps by which one event of a hundred comes late."""

STAFF: Final = ("mia", "tom", "lena", "omar")


def lifetime(size: int) -> Iterator[Report]:
    """Yield at most *size* reports of one company, in the order they are recorded."""
    for number, (stream, event, actor) in enumerate(_told(size)):
        late = LATE if number % 100 == 99 and isinstance(event, AgentReplySent) else 0
        yield _report(stream, event, actor, number - late)


def heard(number: int) -> Report:
    """Make a message of the customer on an open ticket, later than all others."""
    event = CustomerMessageReceived(body=BODY, contact_id="p-1")
    return _report(f"ticket/L-now-{number % OPEN}", event, "contact/p-1", 100_000 + number)


Role = Literal["decision_maker", "champion", "admin", "end_user", "exec_sponsor"]

Told = tuple[str, Event, str]
"""Stream, event, who did it."""


def _told(size: int) -> Iterator[Told]:
    """Tell whole blocks, so that the last tickets alone are open, and half done."""
    begun = [*_beginning()]
    yield from begun
    told, block, last = len(begun), 0, OPEN * TALK
    while told + last + len(known := [*_block(block)]) <= size:
        yield from known
        told += len(known)
        block += 1
    for together in islice(zip(*_tickets(block, "now"), strict=True), TALK):
        yield from together


def _block(block: int) -> Iterator[Told]:
    """Tell of tickets that are worked on together, and of what else goes on meanwhile."""
    for together in zip(*_tickets(block), strict=True):
        yield from together
    for event in _meanwhile(block):
        yield f"company/{CUSTOMER}", event, "system/crm"
    for call in range(3):
        yield _met(f"{block}-{call}", block + call)


def _tickets(block: int, name: str = "") -> list[Iterator[Told]]:
    return [_ticket(block, slot, f"{name or block}-{slot}") for slot in range(OPEN)]


def _beginning() -> Iterator[Told]:
    start = START.date()
    events: list[Event] = [
        c.CompanyRegistered(name="Acme Broadcast", domains=("acme.example",), tier="Platinum"),
        *(c.ContactAffiliated(contact_id=f"p-{n}", title="Engineer", role=_role(n),
                              valid_from=start) for n in range(OPEN)),
        *(AccountTeamMemberAssigned(user_id=user, role="tam") for user in STAFF[:2]),
        *(c.ProductInstalled(installation_id=f"site-{n}", product_id="playout", version="1.0",
                             environment="production") for n in range(5)),
        c.PurchaseRecorded(contract_id="C-1", stage="signed",
                           lines=(c.PurchaseLine(product_id="playout", quantity=5),)),
        c.EntitlementGranted(entitlement_id="E-1", level="Platinum",
                             targets=(c.Target(milestone="first_reply", minutes=60),)),
        *(c.FactLearned(fact_key=f"fact-{n}", value="Debian 10") for n in range(12)),
    ]  # fmt: skip
    for event in events:
        yield f"company/{CUSTOMER}", event, "system/crm"


def _ticket(block: int, slot: int, name: str) -> Iterator[Told]:
    """Tell the course of one ticket: twelve events; the last one ends it."""
    person, agent = f"p-{slot}", STAFF[(block + slot) % len(STAFF)]
    broken = (block + slot) % 5 == 0
    course: list[Event] = [
        TicketOpened(subject="Playout drops frames", requester_id=person, channel="mail",
                     severity=1 + slot % 4, installation_ids=(f"site-{slot % 5}",)),
        TicketClassified(category="playout", severity=1 + slot % 4),
        TicketAssigned(to=Assignee(agent=agent, team="second-line")),
        CustomerMessageReceived(body=BODY, contact_id=person),
        AgentReplySent(body=BODY, contact_id=person),
        FactRequested(fact_key=f"fact-{slot % 16}", from_contact_id=person),
        CommitmentMade(commitment_id="k", to_contact_id=person, what="A fix by Friday",
                       due_at=START + timedelta(days=block * 10)),
        ConsultationRequested(consultation_id="q", department="engineering",
                              question="Is the failover known to drop frames?"),
        ConsultationAnswered(consultation_id="q", answer="It is, since 7.2."),
        CommitmentBroken(commitment_id="k") if broken else CommitmentKept(commitment_id="k"),
        AgentReplySent(body=BODY, contact_id=person),
        TicketResolved(resolution_code="fixed", root_cause="codec"),
    ]  # fmt: skip
    for event in course:
        by = f"contact/{person}" if isinstance(event, CustomerMessageReceived) else f"agent/{agent}"
        yield f"ticket/L-{name}", event, by


def _meanwhile(block: int) -> Iterator[Event]:
    site, now = f"site-{block % 5}", (START + block * 250 * STEP).date()
    yield c.InstallationConfigured(
        installation_id=site,
        changes=(
            c.ConfigurationChange(key=f"key-{block % 7}", old=f"{block}", new=f"{block + 1}"),
        ),
    )
    yield InstallationUpgraded(installation_id=site, to_version=f"2.{block}")
    yield c.FactLearned(fact_key=f"fact-{block % 12}", value=f"Debian {block}")
    yield SupportHoursUsed(entitlement_id="E-1", hours=Decimal("2.5"), ticket_id=f"L-{block}-0")
    yield c.LicencesChanged(product_id="playout", seats_before=block, seats_after=block + 1)
    person = OPEN + block // 2
    if block % 2:
        yield c.ContactAffiliationEnded(contact_id=f"p-{person}", valid_to=now)
    else:
        yield c.ContactAffiliated(contact_id=f"p-{person}", role="end_user", valid_from=now)
    if not block % 4:
        yield from _worth(block, now)


def _worth(block: int, day: date) -> Iterator[Event]:
    yield c.CompanyValueStated(arr=Decimal(300_000 + block), currency="EUR", valid_from=day,
                               origin="crm")  # fmt: skip
    yield c.RenewalScheduled(contract_id="C-1", renews_on=day + timedelta(days=365))
    yield c.CompanyEscalationRaised(escalation_id=f"X-{block}", source="customer", severity=1,
                                    by_contact_id="p-1", reason="Third outage")  # fmt: skip
    yield c.CompanyEscalationResolved(escalation_id=f"X-{block}", outcome="A weekly call")


def _met(name: str, number: int) -> Told:
    agent, person = STAFF[number % len(STAFF)], f"p-{number % OPEN}"
    people = (Participant(contact_id=person), Participant(user_id=agent))
    event = InteractionLogged(kind="call", direction="inbound", participants=people, summary=BODY)
    return f"interaction/I-{name}", event, f"agent/{agent}"


def _role(number: int) -> Role:
    roles: tuple[Role, ...] = ("decision_maker", "champion", "admin", "end_user", "exec_sponsor")
    return roles[number % 5]


def _report(stream: str, event: Event, actor: str, number: int) -> Report:
    source = Source(system="bench", external_id=f"{stream}:{number}:{event.TYPE}", imported=True)
    return Report(event, stream, START + number * STEP, actor, source,
                  event.VISIBILITY or "public", CUSTOMER)  # fmt: skip
