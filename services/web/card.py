"""The ten-second card at the head of a company's page: each line leads to what tells it."""

from typing import Any, Final, NamedTuple

from domain.values import UNASSIGNED, moment
from projections.timeline_filter import Filter
from services.briefings import Briefings
from services.web.form import Form

LABELS: Final = {
    "burning": "Burning", "promise": "Promise", "last_contact": "Last contact", "tried": "Tried",
}  # fmt: skip
"""What is put before a line that does not say by itself what it is."""

TRIED: Final = "tried: "


class Shown(NamedTuple):
    """One line as it is put on the page.

    Attributes:
        href: Where its evidence is; ``None`` where nothing is known.
        mood: Its class in the stylesheet.
    """

    name: str
    label: str | None
    text: str
    href: str | None
    mood: str


def card(read: Briefings, form: Form, wanted: Filter) -> dict[str, Any] | None:
    """Make the card for the page; ``None`` for a customer, and where no company is known."""
    if read.reader().public_only or form.company_id == UNASSIGNED:
        return None
    as_of = None if wanted.as_of is None else moment(wanted.as_of)
    _, caller = read.caller(form.company_id, form.caller.get("phone"), form.caller.get("email"))
    found = read.shown(read.briefing(form.company_id, as_of, wanted.known_at, caller))
    return {
        "lines": [_shown(told, form) for told in found["lines"]],
        "footer": found["footer"],
        "replay": _replay(found["sections"]),
        "proof": {name: found[name] for name in ("as_of", "position", "digest")},
        "may_record": not form.is_narrowed and read.may_record(form.company_id),
    }


def _shown(told: dict[str, Any], form: Form) -> Shown:
    name, text = told["name"], told["text"]
    href = form.evidence(told["events"]) if told["events"] else None
    label = LABELS.get(name) if href else None
    is_broken = name == "promise" and text.rpartition("— ")[2].startswith("BROKEN")
    mood = "trouble" if is_broken else "burns" if name == "burning" and href else ""
    return Shown(name, label, text.removeprefix(TRIED), href, mood)


def _replay(sections: dict[str, Any]) -> tuple[str, str] | None:
    """Find the ticket to replay: the one that burns, else the last that ended."""
    tickets = [*sections["open_tickets"], *sections["resolved_tickets"]]
    if not tickets:
        return None
    ticket = tickets[0]
    return f"/tickets/{ticket['ticket_id']}?step=1", ticket["number"] or ticket["ticket_id"]
