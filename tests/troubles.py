"""Acme's trouble with dropped frames, as two of its people tell of it."""

from typing import Any

from domain.events import decode
from domain.events.ticket import ReporterJoined
from domain.events.ties import DuplicateDismissed, DuplicateSuspected
from services.wire import Report
from tests.reports import affiliated, at, happened, installed, introduced, opened, registered
from tests.watched import Watched

FIRST, SECOND = "TCK-1", "TCK-2"
JAN, ANA = "jan", "ana"
SITE = "antwerp-1"


def trouble(ticket: str = FIRST, **known: Any) -> Report:
    """Open a ticket about dropped frames."""
    said = {
        "number": None, "subject": "Frames dropped on playout", "description": None,
        "requester_id": JAN, "installation_ids": (SITE,), "product_id": "playout",
        "category": None, "continues": None, "at": at("09:00"),
    }  # fmt: skip
    return opened(ticket, **{**said, **known})


def again(ticket: str = SECOND, **known: Any) -> Report:
    """Open a ticket in which another one of Acme tells of the same."""
    said = {"subject": "Playout drops frames again", "requester_id": ANA, "at": at("10:00")}
    return trouble(ticket, **{**said, **known})


def acme() -> list[Report]:
    return [
        registered(), introduced(JAN), introduced(ANA), affiliated(JAN), affiliated(ANA),
        installed(installation_id=SITE),
    ]  # fmt: skip


def joined(ticket: str, contact: str) -> Report:
    return happened(ReporterJoined, f"ticket/{ticket}", contact_id=contact, at=at("10:05"))


def dismissed(ticket: str, candidate: str, **known: Any) -> Report:
    known = {"candidate_ticket_id": candidate, "at": at("10:05"), **known}
    return happened(DuplicateDismissed, f"ticket/{ticket}", **known)


def suspicions(watched: Watched, ticket: str = SECOND) -> list[DuplicateSuspected]:
    rows = watched.deployment.log.of_stream(f"ticket/{ticket}")
    found = [decode(row.type, row.state).data for row in rows]
    return [event for event in found if isinstance(event, DuplicateSuspected)]
