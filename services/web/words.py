"""How pages put stored words: days, kinds of events, states, and their mood."""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

Entry = dict[str, Any]

TROUBLE: Final = frozenset((
    "ticket.commitment_broken", "ticket.escalation_raised", "company.escalation_raised",
    "ticket.milestone_breached", "ticket.reopened", "ticket.escalation_declined",
    "company.escalation_declined",
))  # fmt: skip
GOOD: Final = frozenset((
    "ticket.resolved", "ticket.commitment_kept", "ticket.escalation_resolved",
    "company.escalation_resolved", "ticket.milestone_met",
))  # fmt: skip
SAID: Final = frozenset((
    "ticket.customer_message_received", "ticket.agent_replied", "ticket.internal_note_added",
    "interaction.logged", "ticket.opened",
))  # fmt: skip
"""What people said, and so what is given two lines."""

KINDS: Final = {
    "ticket.agent_replied": "We replied",
    "ticket.commitment_broken": "Promise broken",
    "ticket.commitment_kept": "Promise kept",
    "ticket.commitment_made": "Promise made",
    "ticket.commitment_withdrawn": "Withdrawn",
    "ticket.consultation_accepted": "Looking into it",
    "ticket.consultation_answered": "Colleagues said",
    "ticket.consultation_closed": "Question closed",
    "ticket.consultation_declined": "No answer",
    "ticket.consultation_requested": "Asked colleagues",
    "ticket.customer_message_received": "Customer wrote",
    "ticket.duplicate_dismissed": "No duplicate",
    "ticket.duplicate_suspected": "Duplicate?",
    "ticket.escalation_accepted": "Taken up",
    "ticket.escalation_declined": "Not taken up",
    "ticket.escalation_raised": "Escalated",
    "ticket.escalation_resolved": "Escalation over",
    "ticket.escalation_updated": "Escalation",
    "ticket.fact_requested": "Asked customer",
    "ticket.internal_note_added": "Note",
    "ticket.merge_reverted": "Merge undone",
    "ticket.milestone_breached": "Target missed",
    "ticket.milestone_cancelled": "Clock cancelled",
    "ticket.milestone_met": "Target met",
    "ticket.milestone_paused": "Clock paused",
    "ticket.milestone_resumed": "Clock goes on",
    "ticket.milestone_started": "Clock started",
    "ticket.moved_away": "Moved",
    "ticket.put_on_hold": "On hold",
    "ticket.reporter_joined": "Also reported",
    "ticket.step_recorded": "Step taken",
    "company.account_team_member_assigned": "Our team",
    "company.account_team_member_unassigned": "Our team",
    "company.contact_affiliated": "Person joined",
    "company.contact_affiliation_ended": "Person left",
    "company.domain_claimed": "Mail domain",
    "company.domain_released": "Mail domain",
    "company.entitlement_amended": "Entitled",
    "company.entitlement_expired": "Entitlement end",
    "company.entitlement_granted": "Entitled",
    "company.escalation_accepted": "Taken up",
    "company.escalation_declined": "Not taken up",
    "company.escalation_raised": "Escalated",
    "company.escalation_resolved": "Escalation over",
    "company.escalation_updated": "Escalation",
    "company.executive_briefed": "Briefed",
    "company.fact_learned": "On file",
    "company.installation_configured": "Configured",
    "company.installation_retired": "Retired",
    "company.installation_upgraded": "Upgraded",
    "company.licences_changed": "Licences",
    "company.lifecycle_changed": "Relation",
    "company.merge_reverted": "Merge undone",
    "company.parent_set": "Parent",
    "company.product_installed": "Installed",
    "company.profile_changed": "Profile",
    "company.purchase_recorded": "Bought",
    "company.registered": "Registered",
    "company.renewal_scheduled": "Renewal",
    "company.subsidiary_added": "Subsidiary",
    "company.subsidiary_removed": "Subsidiary",
    "company.support_hours_used": "Hours used",
    "company.value_stated": "Value",
    "interaction.logged": "Talked",
    "survey.answered": "Survey answer",
    "survey.sent": "Survey sent",
}
"""What a type is called where another word than its own is better, at most 15 letters."""

WRITTEN: Final = (
    "body", "note", "summary", "description", "what", "question", "answer", "value", "comment",
    "reason", "outcome", "handoff_note", "subject",
)  # fmt: skip
"""Fields that hold what somebody wrote, as it is to be read in full."""

APART: Final = frozenset((*WRITTEN, "changes", "channel", "continues", "department"))
"""Fields that are not shown with the others."""


def kind(type_name: str) -> str:
    """Put an event's type for people: ``ticket.put_on_hold`` is *On hold*."""
    plainly = type_name.split(".", 1)[-1].replace("_", " ").capitalize()
    return KINDS.get(type_name, plainly)


def mood(type_name: str) -> str:
    """Say what kind of news an event is: a class for the stylesheet."""
    if type_name in TROUBLE:
        return "trouble"
    return "good" if type_name in GOOD else "said" if type_name in SAID else ""


def day(moment: str) -> str:
    """Put the day of a time: *Tue 3 Nov 2026*."""
    return f"{dt.date.fromisoformat(moment[:10]):%a} {date(moment)}"


def date(moment: str) -> str:
    """Put the day of a time without the day of the week: *3 Nov 2026*."""
    found = dt.date.fromisoformat(moment[:10])
    return f"{found.day} {found:%b %Y}"


def clock(moment: str) -> str:
    """Put a time to the minute: *Tue 3 Nov 2026 14:02*."""
    return f"{day(moment)} {moment[11:16]}"


def plain(value: Any) -> str:
    """Put a state's value: a time to the minute, a code with spaces, who has it."""
    if value is None or value == []:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return " · ".join(plain(v) for v in value.values() if v) or "nobody"
    if isinstance(value, list):
        return "; ".join(map(plain, value))
    text = str(value)
    if len(text) == 27 and text[10] == "T" and text.endswith("Z"):  # noqa: PLR2004  six digits
        return clock(text)
    return text.replace("_", " ") if " " not in text else text


def label(name: str) -> str:
    """Put the name of a field: ``due_at`` is *Due*."""
    return name.removesuffix("_at").removesuffix("_id").replace("_", " ").capitalize()


def written(entry: Entry) -> list[tuple[str, str]]:
    """List what somebody wrote in an event, in full."""
    fields = entry.get("data") or {}
    return [(label(name), fields[name]) for name in WRITTEN if fields.get(name)]


def facts(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the other fields of an event that say something, and what it changed from what."""
    fields = entry.get("data") or {}
    for name, value in fields.items():
        if name not in APART and value not in (None, [], {}, ""):
            yield label(name), plain(value)
    for change in fields.get("changes", ()):
        old, new = (change[side] or "empty" for side in ("old", "new"))
        yield change.get("field") or change.get("key"), f"{old} → {new}"


def by_day(entries: Iterable[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """Group entries, in their order, under the days they happened."""
    for name, group in groupby(entries, lambda entry: day(entry["occurred_at"])):
        yield name, list(group)
