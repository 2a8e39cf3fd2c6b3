"""How pages put stored words: days, kinds of events, states, and their mood."""

from datetime import date
from itertools import groupby
from typing import Any, Final

TROUBLE: Final = frozenset((
    "ticket.commitment_broken", "ticket.escalation_raised", "company.escalation_raised",
    "ticket.milestone_breached", "ticket.reopened",
))  # fmt: skip
GOOD: Final = frozenset((
    "ticket.resolved", "ticket.commitment_kept", "ticket.escalation_resolved",
    "company.escalation_resolved", "ticket.milestone_met",
))  # fmt: skip
KINDS: Final = {
    "ticket.customer_message_received": "Customer wrote",
    "ticket.agent_replied": "We replied",
    "ticket.internal_note_added": "Note",
    "ticket.moved_away": "Moved",
    "company.contact_affiliated": "Joined the company",
    "company.contact_affiliation_ended": "Left the company",
    "interaction.logged": "Touch",
}


def kind(type_name: str) -> str:
    """Put an event's type for people: ``ticket.put_on_hold`` is *Put on hold*."""
    if type_name in KINDS:
        return KINDS[type_name]
    return type_name.split(".", 1)[1].replace("_", " ").capitalize()


def mood(type_name: str) -> str:
    """Say whether an event is trouble or good news: a class for the stylesheet."""
    return "trouble" if type_name in TROUBLE else "good" if type_name in GOOD else ""


def day(moment: str) -> str:
    """Put the day of a time: *Tue 3 Nov 2026*."""
    found = date.fromisoformat(moment[:10])
    return f"{found:%a} {found.day} {found:%b %Y}"


def plain(value: Any) -> str:
    """Put a state's value: a time to the minute, a code with spaces, who has it."""
    if value is None:
        return "not known"
    if isinstance(value, dict):
        return " · ".join(str(v) for v in value.values() if v) or "nobody"
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    text = str(value)
    if len(text) == 27 and text[10] == "T" and text.endswith("Z"):  # noqa: PLR2004  six digits
        return f"{day(text)} {text[11:16]}"
    return text.replace("_", " ")


def by_day(entries: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Group entries, in their order, under the days they happened."""
    return [
        (name, list(group)) for name, group in groupby(entries, lambda e: day(e["occurred_at"]))
    ]
