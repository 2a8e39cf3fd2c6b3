"""What somebody had opened by a moment, out of the read audit: joined by position when asked.

A look says as of which position it was given, so it can have shown nothing recorded later.  The
streams of the audit are named by their day, and are read backwards, a day at a time, no further
than to where an older look can show nothing that a newer one has not shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import orjson

from domain.values import rfc3339, ticket_chain
from services.store import Log, Row

ASKED_AGAIN: Final = "asked-again"
"""The purpose of a look at what is on file, for a question to the customer."""

PORTFOLIO: Final = "portfolio"
"""The purpose of a look at how a company stands beside others."""

ONE_EVENT: Final = frozenset(("event", ASKED_AGAIN, PORTFOLIO))
"""Purposes of looks that show no more than one event, or none."""

LOCAL: Final = "local:"
"""How the user of this machine stands in the audit."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: at a ticket, or at the timeline of its company.

    Attributes:
        as_of: The last position that it can have shown.
    """

    event_id: str
    position: int
    at: str
    as_of: int
    count: int
    ticket_id: str | None

    def told(self) -> dict[str, Any]:
        """Say of what it was, when, and how many entries it showed."""
        return {
            "event_id": self.event_id,
            "position": self.position,
            "at": self.at,
            "of": "ticket" if self.ticket_id else "company",
            "as_of_position": self.as_of,
            "count": self.count,
        }


@dataclass(frozen=True, slots=True)
class Opened:
    """The looks of one agent that show most: at the ticket, and at its company's timeline."""

    ticket: Look | None = None
    company: Look | None = None

    def showing(self, position: int) -> Look | None:
        """Find a look that can have shown what stands at *position*, one at the ticket first."""
        looks = (self.ticket, self.company)
        return next((look for look in looks if look and look.as_of >= position), None)


def opened_by(
    log: Log,
    agent: str,
    company_ids: Sequence[str],
    ticket_id: str,
    *,
    since: datetime,
    before: int,
) -> Opened:
    """Find what *agent* had opened of a ticket before a position.

    Args:
        agent: The agent's id, which is the name of the key that the agent reads with.
        since: When the ticket's first event was recorded; nothing of it was seen before.
        before: The position of what the agent did with that knowledge.
    """
    ticket = company = None
    for look in _looks(log, agent, company_ids, since, before):
        if ticket and look.position <= ticket.as_of:
            break
        if look.ticket_id == ticket_id and (ticket is None or look.as_of > ticket.as_of):
            ticket = look
        elif look.ticket_id is None and (company is None or look.as_of > company.as_of):
            company = look
    return Opened(ticket, company)


def _looks(
    log: Log, agent: str, company_ids: Sequence[str], since: datetime, before: int
) -> Iterator[Look]:
    """Yield an agent's looks at some companies and their tickets, the latest first."""
    last = log.at(before)
    until = datetime.fromtimestamp(last.committed_at / 1e6, since.tzinfo) if last else since
    for day in _days_back(until.date(), since.date()):
        names = f"reads/{day}:", f"reads/{day};"
        for row in sorted(_of_day(log, agent, names, before), reverse=True):
            look = _read(row, agent, company_ids)
            if look:
                yield look


def _of_day(log: Log, agent: str, names: tuple[str, str], before: int) -> Iterator[Row]:
    for viewer in (agent, f"{LOCAL}{agent}"):
        yield from log.holding(f'"viewer_id":"{viewer}"', *names, before)


def _days_back(until: date, since: date) -> Iterator[date]:
    """Yield days from the day after *until*, for clocks that differ, back to *since*."""
    day = until + timedelta(days=1)
    while day >= since - timedelta(days=1):
        yield day
        day -= timedelta(days=1)


def _read(row: Row, agent: str, company_ids: Sequence[str]) -> Look | None:
    document = orjson.loads(row.state)
    said = document["data"]
    is_theirs = said.get("viewer_id") in (agent, f"{LOCAL}{agent}")
    if not is_theirs or said.get("viewed_company_id") not in company_ids:
        return None
    if said["purpose"] in ONE_EVENT:
        return None
    ticket_id = said["ticket_id"]
    return Look(
        event_id=document["event_id"],
        position=row.position,
        at=rfc3339(datetime.fromisoformat(document["occurred_at"])),
        as_of=said["as_of_position"],
        count=said["count"],
        ticket_id=ticket_chain(ticket_id) if ticket_id else None,
    )
