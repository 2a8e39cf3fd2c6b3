"""The record of one company: its sections, and how it is written and read back.

Times are text as in JSON, so that a record is its own document.  Each entry names the events
that it was told by.  Tickets are not in it: they are held one by one (`Held`), and only what
must be known of all of them stands here, so that a record stays small however many there were.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from projections.ticket_record import TicketState, revived

Entry = dict[str, Any]

RECENT: Final = 25
"""Ended promises, questions, escalations and tickets that are kept; older ones are counted."""

HISTORY: Final = 25
"""Changes of one thing that are kept; what older ones led to is kept, and they are in the log."""

OPEN: Final = ("new", "open", "on_hold")
"""Statuses of a ticket that somebody has to do something about."""


def ledger() -> Entry:
    """Open what is kept of promises, questions or escalations: all that stand, the last ended."""
    return {"open": {}, "ended": [], "counts": {}}


def append(history: list[Entry], *entries: Entry) -> list[Entry]:
    """Keep what became of a thing, the last `HISTORY` of it; say what is kept no more."""
    history += entries
    older = history[:-HISTORY]
    del history[:-HISTORY]
    return older


@dataclass(slots=True)
class Dossier:
    """What is known of one company.

    Attributes:
        events: How many were folded.
        profile: What it was registered with.
        parents: Who it belonged to, oldest first; the last one holds.
        merges: Those that are in force, with another record of the same company.
        value: What it was stated to be worth, by the day from which that holds.
        people: By contact, the ties to the company, oldest first.
        facts: By ``about/whom/key``, the last thing learned.
        asked: How often we asked the customer for a fact, and how often it was on file.
        tickets: How many stand at each status.
        open_now: How many were opened and are not done, moved or merged.
        severe: By ticket, those that are open at severity 1 or 2.
        resolved: The last `RECENT` that were resolved or closed, newest first.
        relations: By agent and contact: how many touches, and the last.
    """

    company_id: str = ""
    events: int = 0
    first_event_at: str | None = None
    last_event_at: str | None = None
    profile: Entry | None = None
    parents: list[Entry] = field(default_factory=list)
    subsidiaries: dict[str, Entry] = field(default_factory=dict)
    merges: list[Entry] = field(default_factory=list)
    lifecycle: list[Entry] = field(default_factory=list)
    team: list[Entry] = field(default_factory=list)
    value: list[Entry] = field(default_factory=list)
    renewals: dict[str, Entry] = field(default_factory=dict)
    purchases: dict[str, Entry] = field(default_factory=dict)
    installations: dict[str, Entry] = field(default_factory=dict)
    licences: dict[str, Entry] = field(default_factory=dict)
    entitlements: dict[str, Entry] = field(default_factory=dict)
    people: dict[str, list[Entry]] = field(default_factory=dict)
    facts: dict[str, Entry] = field(default_factory=dict)
    asked: Entry = field(default_factory=lambda: {"requests": 0, "again": 0, "last": []})
    promises: Entry = field(default_factory=ledger)
    consultations: Entry = field(default_factory=ledger)
    escalations: Entry = field(default_factory=ledger)
    tickets: dict[str, int] = field(default_factory=dict)
    open_now: int = 0
    severe: dict[str, Entry] = field(default_factory=dict)
    resolved: list[Entry] = field(default_factory=list)
    relations: dict[str, dict[str, Entry]] = field(default_factory=dict)
    last_contact: Entry | None = None
    briefings: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Held:
    """One ticket of the company, as far as it was folded.

    Attributes:
        evidence: The last event that told each thing: ``opened``, ``turned``, ``assigned``, …,
            and that each person joined: ``joined/jan``.
        turn: Whom the ticket waits for, since when, and by which event.
    """

    state: TicketState = field(default_factory=TicketState)
    evidence: dict[str, str] = field(default_factory=dict)
    turn: Entry = field(default_factory=lambda: {"of": None, "since": None, "event_id": None})

    @property
    def is_open(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.state.status in OPEN


def dump(record: Dossier | Held | Entry) -> bytes:
    """Write canonical JSON: equal records give equal bytes."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)


def dossier(fields: Entry) -> Dossier:
    """Read back a dossier that `dump` wrote."""
    return Dossier(**fields)


def held(fields: Entry) -> Held:
    """Read back a ticket that `dump` wrote."""
    return Held(revived(fields["state"]), fields["evidence"], fields["turn"])


def document(company: Dossier, tickets: dict[str, Held]) -> bytes:
    """Write a company's whole document: the record, and its open tickets by id.

    Args:
        tickets: By stream; those that are not open are left out.
    """
    standing = {each.state.ticket_id: each for each in tickets.values() if each.is_open}
    return dump({"company": company, "open_tickets": standing})
