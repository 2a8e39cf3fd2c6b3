"""What happened to a ticket, in words."""

from typing import Final

from domain.events import Recorded
from domain.events.duties import (
    StepRecorded,
)
from domain.events.ticket import (
    AgentReplySent,
    Assignee,
    CustomerMessageReceived,
    FieldChange,
    InternalNoteAdded,
    ReporterJoined,
    TicketAssigned,
    TicketClassified,
    TicketClosed,
    TicketLinked,
    TicketMergeReverted,
    TicketMovedAway,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketsMerged,
    TicketUpdated,
)
from projections.phrases import (
    by_agent,
    contact,
    line,
    listed,
    plain,
    said,
    staff,
    told,
    when,
    who,
)

STEPS: Final = {
    "diagnose": "Diagnosis",
    "attempt": "Attempt",
    "workaround": "Workaround",
    "fix": "Fix",
    "verify": "Check",
}
OUTCOMES: Final = {
    "worked": "worked",
    "failed": "failed",
    "partial": "helped in part",
    "unknown": "recorded",
}
WAITING: Final = {
    "customer": ", waiting for the customer",
    "vendor": ", waiting for the vendor",
    "internal": ", waiting for us",
    "unknown": "",
}
RELATIONS: Final = {
    "duplicate": "a duplicate of",
    "parent": "the parent of",
    "child": "a part of",
    "caused_by": "caused by",
    "follows": "following",
    "related": "related to",
}


@line(TicketOpened)
def opened(recorded: Recorded[TicketOpened]) -> str:
    """Say who opened it, for whom, and about what."""
    event = recorded.data
    by, requester = who(recorded), contact(event.requester_id)
    if requester and not recorded.actor.startswith("agent/"):
        by, requester = requester, ""
    facts = listed(
        (
            f"severity {event.severity}" if event.severity else "",
            f"by {plain(event.channel)}" if event.channel else "",
            plain(event.product_id or ""),
            "continued" if event.continues else "",
        )
    )
    ticket = plain(event.number or recorded.local_id)
    return (
        f"{by} opened {ticket}{requester and f' for {requester}'}"
        f"{said(event.subject or event.description, ': ')}{facts and f' ({facts})'}"
    )


@line(TicketClassified)
def classified(recorded: Recorded[TicketClassified]) -> str:
    """Say what it was found to be, and by which rule."""
    event = recorded.data
    found = listed(
        (
            f"severity {event.severity}" if event.severity else "",
            f"priority {event.priority}" if event.priority else "",
            plain(event.category or ""),
            plain(event.product_id or ""),
            f"support line {plain(event.support_line)}" if event.support_line else "",
            f"on {listed(event.installation_ids)}" if event.installation_ids else "",
        ),
        most=6,
    )
    rule = f" (rule {plain(event.rule_id)})" if event.rule_id else ""
    return f"Classified{found and f': {found}'}{rule}"


@line(TicketUpdated)
def updated(recorded: Recorded[TicketUpdated]) -> str:
    """Say which fields changed."""
    event = recorded.data
    activity = f" ({plain(event.activity)})" if event.activity else ""
    if not event.changes:
        return f"Saved, with no change that can be seen{activity}"
    return f"Updated {listed(map(_changed, event.changes), between='; ')}{activity}"


def _changed(change: FieldChange) -> str:
    return f"{plain(change.field)}: {_value(change.old)} → {_value(change.new)}"


def _value(value: str | None) -> str:
    return plain(value, 40) if value else "empty"


@line(TicketAssigned)
def assigned(recorded: Recorded[TicketAssigned]) -> str:
    """Say who has it now, and who had it before."""
    event = recorded.data
    before = _assignee(event.previous)
    return (
        f"Assigned to {_assignee(event.to) or 'nobody'}{before and f', before with {before}'}"
        f"{said(event.handoff_note, ': ')}"
    )


def _assignee(assignee: Assignee) -> str:
    agent, team = staff(assignee.agent), plain(assignee.team or "")
    return f"{agent} ({team})" if agent and team else agent or team


@line(CustomerMessageReceived)
def customer_wrote(recorded: Recorded[CustomerMessageReceived]) -> str:
    """Quote the customer."""
    event = recorded.data
    by = who(recorded) if recorded.actor.startswith("contact/") else "The customer"
    return (
        f"{contact(event.contact_id, otherwise=by)} wrote: {said(event.body)}"
        f"{_files(len(event.attachments))}"
    )


@line(AgentReplySent)
def agent_replied(recorded: Recorded[AgentReplySent]) -> str:
    """Quote our answer."""
    event = recorded.data
    return f"{who(recorded)} answered: {said(event.body)}{_files(len(event.attachments))}"


def _files(count: int) -> str:
    return "" if not count else " (1 file)" if count == 1 else f" ({count} files)"


@line(InternalNoteAdded)
def noted(recorded: Recorded[InternalNoteAdded]) -> str:
    """Quote a note to ourselves."""
    return f"{who(recorded)} noted: {said(recorded.data.note)}"


@line(StepRecorded)
def stepped(recorded: Recorded[StepRecorded]) -> str:
    """Say what was tried and what came of it."""
    event = recorded.data
    on = f" on {event.installation_id}" if event.installation_id else ""
    return f"{STEPS[event.kind]} {OUTCOMES[event.outcome]}{on}{told(event.what)}"


@line(TicketPutOnHold)
def put_on_hold(recorded: Recorded[TicketPutOnHold]) -> str:
    """Say for whom it waits."""
    event = recorded.data
    until = f" until {when(event.until, recorded.occurred_at)}" if event.until else ""
    return f"On hold{WAITING[event.waiting_for]}{until}{told(event.reason)}"


@line(TicketResumed)
def resumed(recorded: Recorded[TicketResumed]) -> str:
    """Say that the wait is over."""
    return f"Taken off hold{by_agent(recorded)}"


@line(TicketResolved)
def resolved(recorded: Recorded[TicketResolved]) -> str:
    """Say what it was, who solved it and who agrees."""
    event = recorded.data
    code = f" ({plain(event.resolution_code)})" if event.resolution_code else ""
    return (
        f"Resolved{staff(event.resolved_by, ' by ') or by_agent(recorded)}{code}"
        f"{contact(event.confirmed_by, ', confirmed by ')}{told(event.root_cause)}"
    )


@line(TicketReopened)
def reopened(recorded: Recorded[TicketReopened]) -> str:
    """Say why it was not over."""
    return f"Reopened{by_agent(recorded)}{told(recorded.data.reason)}"


@line(TicketClosed)
def closed(recorded: Recorded[TicketClosed]) -> str:
    """Say why nothing more is expected."""
    event = recorded.data
    code = f" ({plain(event.resolution_code)})" if event.resolution_code else ""
    return f"Closed{by_agent(recorded)}{code}{told(event.reason)}"


@line(ReporterJoined)
def reporter_joined(recorded: Recorded[ReporterJoined]) -> str:
    """Say who has the same issue."""
    return f"{contact(recorded.data.contact_id)} reports the same"


@line(TicketsMerged)
def merged(recorded: Recorded[TicketsMerged]) -> str:
    """Say where the ticket goes on."""
    event = recorded.data
    return f"{recorded.local_id} goes on inside {event.kept_id}{told(event.reason)}"


@line(TicketMergeReverted)
def merge_reverted(recorded: Recorded[TicketMergeReverted]) -> str:
    """Say that the merge is undone."""
    return f"Merge undone, {recorded.local_id} stands alone again{told(recorded.data.reason)}"


@line(TicketLinked)
def linked(recorded: Recorded[TicketLinked]) -> str:
    """Say what it has to do with another record."""
    event = recorded.data
    system = f" in {plain(event.system)}" if event.system else ""
    return f"Linked as {RELATIONS[event.relation]} {event.other_ticket_id}{system}"


@line(TicketMovedAway)
def moved_away(recorded: Recorded[TicketMovedAway]) -> str:
    """Say to which company it moved."""
    event = recorded.data
    return f"Moved to the company {plain(event.to_company)}{told(event.reason)}"
