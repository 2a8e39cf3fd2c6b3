"""Dossiers of a whole real history: as of a thousand instants, against a plain recount."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import pytest

from domain.events import Event, Logged
from domain.events import ticket as t
from domain.values import everything
from projections import dossier
from services.config import Settings
from services.deployment import Deployment
from services.dossiers import Dossiers
from services.feed import opened
from services.security import local
from tests.whole_sets import needs_the_sets

pytestmark = needs_the_sets

INSTANTS: Final = 1_000
DONE: Final = ("resolved", "closed")
HANDLED: Final = (t.TicketAssigned, t.AgentReplySent)
ENDS: Final[dict[type[Event], str]] = {
    t.TicketResolved: "resolved", t.TicketClosed: "closed", t.TicketReopened: "open",
    t.TicketMovedAway: "moved",
}  # fmt: skip
WAITS: Final[dict[type[Event], str]] = {t.TicketPutOnHold: "on_hold", t.TicketResumed: "open"}


@dataclass
class Counted:
    """One ticket, counted by hand."""

    status: str = "new"
    severity: int | None = None
    priority: int | None = None
    agent: str | None = None
    events: int = 0
    ended_at: str = ""


@dataclass
class Recount:
    """What a script of no skill finds in a company's events."""

    events: int = 0
    tickets: dict[str, Counted] = field(default_factory=dict)

    def take(self, logged: Logged) -> None:
        self.events += 1
        if logged.event.kind == "ticket":
            ticket = self.tickets.setdefault(logged.event.local_id, Counted())
            ticket.events += 1
            self._turn(ticket, logged.event.data)
            self._triage(ticket, logged.event.data)

    def _turn(self, ticket: Counted, event: Event) -> None:
        if isinstance(event, HANDLED) and ticket.status == "new":
            ticket.status = "open"
        if isinstance(event, t.TicketOpened) and event.continues:
            ticket.events += event.continues.counts.events
            ticket.status = "open" if ticket.status == "new" else ticket.status
        if ticket.status not in (*DONE, "moved"):
            ticket.status = WAITS.get(type(event), ticket.status)
        if ticket.status != "moved":
            ticket.status = ENDS.get(type(event), ticket.status)

    def _triage(self, ticket: Counted, event: Event) -> None:
        if isinstance(event, t.TicketOpened | t.TicketClassified):
            for name in ("severity", "priority"):
                said = getattr(event, name)
                is_new = isinstance(event, t.TicketClassified) or getattr(ticket, name) is None
                if said is not None and is_new:
                    setattr(ticket, name, said)
        if isinstance(event, t.TicketAssigned):
            ticket.agent = event.to.agent

    @property
    def told(self) -> dict[str, Any]:
        standing = {
            ticket: (each.status, each.severity, each.priority, each.agent, each.events)
            for ticket, each in self.tickets.items()
            if each.status in ("new", "open", "on_hold")
        }
        statuses = Counter(each.status for each in self.tickets.values())
        return {"events": self.events, "open": standing, "tickets": dict(statuses)}


def told_of(document: dict[str, Any]) -> dict[str, Any]:
    """Find the same figures in a dossier."""
    standing = {}
    for ticket, held in document["open_tickets"].items():
        state = held["state"]
        standing[ticket] = (
            state["status"], state["severity"], state["priority"], state["assignee"]["agent"],
            state["counts"]["events"],
        )  # fmt: skip
    counts = {name: n for name, n in document["company"]["tickets"].items() if n}
    return {"events": document["company"]["events"], "open": standing, "tickets": counts}


def recounted(events: Sequence[Logged], as_of: int, known_at: int) -> dict[str, Any]:
    """Go through all of a company's events, from the first."""
    found = Recount()
    for logged in events:
        if logged.happened[0] <= as_of and logged.position <= known_at:
            found.take(logged)
    return found.told


@pytest.mark.parametrize(("home", "least"), [("incidents_home", 150), ("threads_home", 4)])
def test_a_dossier_as_of_a_thousand_instants_is_what_a_plain_script_counts(
    request: pytest.FixtureRequest, home: str, least: int
) -> None:
    chance = random.Random(498)
    with Deployment(Settings(home=request.getfixturevalue(home))) as longcase:
        longcase.catch_up()
        view = Dossiers(longcase, local()).past()
        companies = [row[0] for row in view.all("SELECT company_id FROM {heads} ORDER BY 1")]
        asked = Counter(chance.choices(companies, k=INSTANTS))
        for company, times in asked.items():
            rows = longcase.log.all_of_company(company)
            events = sorted(opened(rows, longcase.keyring), key=lambda each: each.happened)
            for _ in range(times):
                as_of = chance.choice(events).happened[0] + chance.choice((-1, 0, 1))
                known_at = chance.choice(events).position if chance.random() < 0.5 else 2**60
                document = dossier.of(view, everything(), company, as_of, known_at)
                assert told_of(orjson.loads(document)) == recounted(events, as_of, known_at), (
                    company, as_of, known_at,
                )  # fmt: skip

    assert len(companies) >= least
