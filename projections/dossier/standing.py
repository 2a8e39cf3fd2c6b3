"""How a company stands, in short: what it is worth, when it renews, what presses.

It is the company's document without all that is long, so what is asked of a document
(`projections.dossier.view`) can be asked of it.  There is no text in it that is sealed.
Law: folding the events that weigh alone gives the same.
"""

from collections.abc import Mapping
from typing import Final

from domain.events import Event
from domain.events import account as a
from domain.events import company as c
from domain.events import duties as d
from domain.events import ticket as t
from domain.events.ties import TicketSplit
from projections.dossier.record import Dossier, Entry

EVENTS: Final[tuple[type[Event], ...]] = (
    c.CompanyRegistered, a.CompanyProfileChanged, c.CompanyValueStated, c.RenewalScheduled,
    c.CompanyEscalationRaised, c.CompanyEscalationResolved, a.CompanyEscalationAccepted,
    a.CompanyEscalationDeclined, a.CompanyEscalationUpdated, a.CompaniesMerged,
    a.CompanyMergeReverted, t.TicketOpened, t.TicketClassified, t.TicketResolved,
    t.TicketReopened, t.TicketClosed, t.TicketsMerged, t.TicketMergeReverted, t.TicketMovedAway,
    TicketSplit,
    d.TicketEscalationRaised, d.TicketEscalationResolved, d.TicketEscalationAccepted,
    d.TicketEscalationDeclined, d.TicketEscalationUpdated,
)  # fmt: skip

WEIGHING: Final = frozenset(event.TYPE for event in EVENTS)
"""The events that can change how a company stands; most of what happens cannot."""

PROFILE: Final = ("name", "kind", "tier")
RENEWAL: Final = ("contract_id", "renews_on", "amount", "currency", "at", "event_id")
ESCALATION: Final = ("id", "scope", "ticket_id", "severity", "state", "raised_at", "event_ids")
SECTIONS: Final = ("value", "renewals", "open_now", "severe", "merges")
MERGE: Final = ("kept_id", "absorbed_id", "event_id")


def standing(company: Dossier) -> Entry:
    """Cut a company's record down to how it stands."""
    escalations = company.escalations["open"].items()
    return {"company": {
        "company_id": company.company_id,
        "profile": _part(company.profile or {}, PROFILE),
        "value": company.value,
        "renewals": {
            contract: _part(renewal, RENEWAL) for contract, renewal in company.renewals.items()
        },
        "open_now": company.open_now,
        "severe": company.severe,
        "escalations": {"open": {key: _part(told, ESCALATION) for key, told in escalations}},
        "merges": [_part(merge, MERGE) for merge in company.merges],
    }}  # fmt: skip


def is_known(stands: Mapping[str, Entry]) -> bool:
    """Say whether anything is known of how a company stands."""
    company = stands["company"]
    said = (*company["profile"].values(), company["escalations"]["open"])
    return any(said) or any(company[section] for section in SECTIONS)


def _part(entry: Mapping[str, object], names: tuple[str, ...]) -> Entry:
    return {name: entry.get(name) for name in names}
