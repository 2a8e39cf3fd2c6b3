"""Pressure on management in words: the same on a ticket and about a whole company.

Where it is about a company, `whose` says so.
"""

from datetime import datetime
from typing import Final

from domain.events.account import (
    CompanyEscalationAccepted,
    CompanyEscalationDeclined,
    CompanyEscalationUpdated,
)
from domain.events.company import CompanyEscalationRaised, CompanyEscalationResolved
from domain.events.duties import (
    TicketEscalationAccepted,
    TicketEscalationDeclined,
    TicketEscalationRaised,
    TicketEscalationResolved,
    TicketEscalationUpdated,
)
from projections.phrases import contact, listed, plain, said, staff, told, trend, when

COMPANYS: Final = " of the company"


def brought(event: TicketEscalationRaised | CompanyEscalationRaised) -> str:
    """Say who brought it, to whom, and how severe it is."""
    source = "the customer" if event.source == "customer" else "us"
    role = f" to {plain(event.to_role)}" if event.to_role else ""
    severity = f", severity {event.severity}" if event.severity else ""
    return f"{contact(event.by_contact_id, otherwise=source)}{role}{severity}"


def over(event: TicketEscalationResolved | CompanyEscalationResolved, whose: str = "") -> str:
    """Say how it ended."""
    agreed = contact(event.agreed_with, ", agreed with ")
    return f"Escalation{whose} over{agreed}{told(event.outcome)}"


def owned(
    event: TicketEscalationAccepted | CompanyEscalationAccepted, at: datetime, whose: str = ""
) -> str:
    """Say who owns it from *at* on, and by when."""
    due = f", due {when(event.due_at, at)}" if event.due_at else ""
    return f"{staff(event.owner_id)} owns the escalation{whose}{due}"


def declined(event: TicketEscalationDeclined | CompanyEscalationDeclined, whose: str = "") -> str:
    """Say why it is not taken up."""
    return f"Escalation{whose} declined{said(event.reason, ': ')}"


def developed(event: TicketEscalationUpdated | CompanyEscalationUpdated, whose: str = "") -> str:
    """Say how it stands, and who follows it."""
    watched = listed(staff(user) for user in event.watchers)
    followed = watched and f", followed by {watched}"
    return f"Escalation{whose}{trend(event.trend)}{followed}{said(event.note, ': ')}"
