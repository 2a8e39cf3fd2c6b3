"""Made-up history to measure with: tickets of a few companies, as reports."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.events import Event, Source
from domain.events.company import CompanyRegistered
from domain.events.ticket import (
    AgentReplySent,
    Assignee,
    CustomerMessageReceived,
    TicketAssigned,
    TicketClassified,
    TicketOpened,
    TicketResolved,
)
from services.desk import BATCH, Desk
from services.wire import Report

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
BODY: Final = "It dropped frames again at 15:58, on both nodes, a second after the failover. " * 3
COURSE: Final[tuple[Event, ...]] = (
    TicketOpened(subject="Playout drops frames", channel="mail", priority=2, severity=2),
    TicketClassified(category="playout", severity=2),
    TicketAssigned(to=Assignee(agent="mia", team="second-line")),
    CustomerMessageReceived(body=BODY),
    AgentReplySent(body=BODY),
    TicketResolved(resolution_code="fixed"),
)
"""What happens to every ticket."""


def companies(count: int) -> list[Report]:
    """Register companies ``c-0`` …"""
    return [
        _report(f"company/c-{n}", CompanyRegistered(name=f"Company {n}"), n - count)
        for n in range(count)
    ]


def reports(count: int, *, of: int = 10, start: int = 0) -> Iterator[Report]:
    """Yield *count* reports in order of time, spread over *of* companies."""
    for n in range(start, start + count):
        ticket, step = divmod(n, len(COURSE))
        yield _report(f"ticket/T-{ticket}", COURSE[step], n, f"c-{ticket % of}")


def one_ticket(count: int, ticket: str = "T") -> Iterator[Report]:
    """Yield *count* reports of one ticket of ``c-0``: a long conversation."""
    yield _report(f"ticket/{ticket}", COURSE[0], 0, "c-0")
    for n in range(1, count):
        yield _report(f"ticket/{ticket}", COURSE[3 + n % 2], n, "c-0")


def record(desk: Desk, reports: Iterable[Report]) -> None:
    """Record any number of reports, as many in a commit as may be."""
    made = list(reports)
    for start in range(0, len(made), BATCH):
        receipts = desk.record(made[start : start + BATCH])
        assert all(receipt.status == "accepted" for receipt in receipts)


def _report(stream: str, event: Event, n: int, company: str | None = None) -> Report:
    return Report(
        event,
        stream,
        START + timedelta(seconds=n),
        "agent/mia",
        Source(system="bench", external_id=f"{stream}:{n}", imported=True),
        event.VISIBILITY or "public",
        company,
    )
