"""The ten-second card: who this is, what they are worth, what burns, what was promised.

It is made of a company's dossier as it stood at an instant, in lines of a fixed order, each with
the events that tell it.  What is not known is said to be so.  The same instant and position give
the same card, byte for byte before names are filled in: so what somebody was shown can be proved.
Who is calling is found in the directory as it is now, as names are, and no part of the proof.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import orjson

from domain.values import rfc3339
from projections import briefing_lines as lines
from projections.briefing_words import Line, moment_of
from projections.dossier.union import relations_of, roles
from projections.dossier.view import by_urgency, overdue

Document = Mapping[str, Any]

OPEN: Final = 10
"""Open tickets on a card; their number is told."""

RESOLVED: Final = 5
PEOPLE: Final = 10
"""Of those of ours who know somebody there, the ones who do best."""

LINES: Final = (
    lines.who, lines.worth, lines.burning, lines.promised, lines.last_contact, lines.distress,
    lines.recurring, lines.tried,
)  # fmt: skip
"""Their order is fixed, so that eyes learn it."""

TICKET: Final = (
    "ticket_id", "number", "subject", "severity", "priority", "status", "opened_at", "assignee",
    "waiting_for",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A company in ten seconds.

    Attributes:
        lines: Eight, in their order.
        proved: The same, as they are where nobody is calling.
        sections: What stands behind them: tickets, products, purchases, facts, people, promises.
    """

    company_id: str
    as_of: datetime
    position: int
    lines: list[Line]
    sections: dict[str, Any] = field(default_factory=dict)
    proved: tuple[Line, ...] = ()

    @property
    def digest(self) -> str:
        """Hash the card, names not filled in and nobody calling: SHA-256, hexadecimal."""
        whole = {
            "company_id": self.company_id,
            "as_of": rfc3339(self.as_of),
            "position": self.position,
            "lines": [line.told for line in self.proved],
            "sections": self.sections,
        }
        return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


def card(
    document: Document, as_of: datetime, position: int, caller: Mapping[str, Any] | None = None
) -> Card:
    """Make the card of a company.

    Args:
        document: Its dossier as of that time and position.
        caller: Who calls, as the directory says; ``None`` if that is not asked.
    """
    asked = lines.Asked(document, as_of)
    proved = tuple(line(asked) for line in LINES)
    shown = (lines.who(replace(asked, caller=caller)), *proved[1:]) if caller else proved
    return Card(
        document["company"]["company_id"], as_of, position, [*shown],
        dict(_sections(document, as_of)), proved,
    )  # fmt: skip


def _sections(document: Document, now: datetime) -> Iterator[tuple[str, Any]]:
    company = document["company"]
    standing = by_urgency(document)
    yield "open_tickets", [_ticket(each) for each in standing[:OPEN]]
    yield "open_count", len(standing)
    yield "resolved_tickets", company["resolved"][:RESOLVED]
    yield "products", [
        {
            "installation_id": installation, "product_id": known["product_id"],
            "version": known["version"], "environment": known["environment"],
            "event_id": known["versions"][-1]["event_id"] if known["versions"] else None,
        }
        for installation, known in sorted(company["installations"].items())
        if known["retired_at"] is None
    ]  # fmt: skip
    yield (
        "licences",
        [
            {"product_id": product, "seats": known["seats"], "history": known["history"]}
            for product, known in sorted(company["licences"].items())
        ],
    )
    yield "purchases", sorted(company["purchases"].values(), key=lambda p: p["at"])
    yield (
        "facts",
        [
            {**fact, "age_days": (now - moment_of(fact["at"])).days}
            for _, fact in sorted(company["facts"].items())
        ],
    )
    promises = company["promises"]
    yield (
        "promises",
        [{**promise, "overdue": overdue(promise, now)} for promise in promises["open"].values()],
    )
    yield "people", relations_of(company)[:PEOPLE]
    yield "roles", roles([document], now)
    yield "escalations", list(company["escalations"]["open"].values())
    yield "consultations", list(company["consultations"]["open"].values())


def _ticket(held: Mapping[str, Any]) -> dict[str, Any]:
    state = held["state"]
    told = {name: state[name] for name in TICKET}
    return {**told, "turn": held["turn"], "evidence": held["evidence"]}
