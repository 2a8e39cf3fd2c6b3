"""One ticket as a person wants to see it, folded from its events.

new → open ⇄ on hold → resolved → closed; moved and merged stand above these until undone.

`evolve` refuses nothing and takes events in any order.  An event that begins something fills
only what nothing else has said yet, so that a clock running ahead cannot undo what came of it.
"""

from datetime import datetime
from typing import Final, assert_never

from domain.events import AnyTicketEvent, Recorded
from domain.events.duties import (
    CommitmentBroken,
    CommitmentKept,
    CommitmentMade,
    ConsultationAnswered,
    ConsultationRequested,
    FactRequested,
    MilestoneBreached,
    MilestoneMet,
    MilestoneStarted,
    StepRecorded,
    TicketEscalationRaised,
    TicketEscalationResolved,
)
from domain.events.ticket import (
    AgentReplySent,
    CustomerMessageReceived,
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
from domain.values import rfc3339, ticket_chain
from projections.ticket_record import Stage, TicketState, dump, load

__all__ = ["TicketState", "dump", "evolve", "load"]

Happened = Recorded[AnyTicketEvent]

DONE: Final = ("resolved", "closed")

OPENING: Final = (
    "number", "subject", "requester_id", "channel", "priority", "severity", "category",
    "product_id", "department",
)  # fmt: skip
"""What an opening says, unless something else has said it."""

TRIAGE: Final = ("category", "severity", "priority", "product_id", "support_line")
"""What a classification says anew, where it says anything."""


def evolve(state: TicketState, recorded: Happened) -> None:
    """Take over one event of the ticket's stream."""
    at = rfc3339(recorded.occurred_at)
    if not state.ticket_id:
        state.ticket_id, state.company_id = recorded.local_id, recorded.company_id
        state.chain_id = state.chain_id or ticket_chain(recorded.local_id)
    state.last_event_at = at
    state.counts["events"] += 1
    match recorded.data:
        case CustomerMessageReceived() | AgentReplySent() | InternalNoteAdded() as said:
            _said(state, said, at)
        case TicketUpdated() | TicketClassified() | TicketAssigned() as handled:
            _handled(state, handled)
        case (TicketPutOnHold() | TicketResumed() | TicketResolved() | TicketReopened()
              | TicketClosed()) as turned:  # fmt: skip
            _turned(state, turned, at)
        case StepRecorded() | FactRequested() as worked:
            _worked(state, worked, recorded, at)
        case CommitmentMade() | CommitmentKept() | CommitmentBroken() as promised:
            _promised(state, promised, recorded.actor, at)
        case MilestoneStarted() | MilestoneMet() | MilestoneBreached() as clocked:
            _clocked(state, clocked, at)
        case (TicketEscalationRaised() | TicketEscalationResolved() | ConsultationRequested()
              | ConsultationAnswered()) as asked:  # fmt: skip
            _asked(state, asked, recorded.actor, at)
        case TicketOpened() as opened:
            _opened(state, opened, at)
        case (ReporterJoined() | TicketLinked() | TicketsMerged() | TicketMergeReverted()
              | TicketMovedAway()) as tied:  # fmt: skip
            _tied(state, tied, str(recorded.event_id))
        case _ as never:
            assert_never(never)


def _opened(state: TicketState, opened: TicketOpened, at: str) -> None:
    for name in OPENING:
        if getattr(state, name) is None:
            setattr(state, name, getattr(opened, name))
    state.installation_ids = state.installation_ids or list(opened.installation_ids)
    state.opened_at = at
    if before := opened.continues:
        state.opened_at = rfc3339(before.first_opened_at)
        state.chain_id = before.chain_id
        state.continues = before.stream_id.split("/", 1)[1]
        for name, count in before.counts:
            state.counts[name] += count
        _begin(state)


def _said(
    state: TicketState, said: CustomerMessageReceived | AgentReplySent | InternalNoteAdded, at: str
) -> None:
    match said:
        case CustomerMessageReceived():
            state.counts["customer_messages"] += 1
            state.last_customer_message_at = at
        case AgentReplySent():
            state.counts["agent_replies"] += 1
            state.first_reply_at = state.first_reply_at or at
            state.last_reply_at = at
            _begin(state)
        case InternalNoteAdded():
            state.counts["notes"] += 1


def _handled(
    state: TicketState, handled: TicketUpdated | TicketClassified | TicketAssigned
) -> None:
    match handled:
        case TicketUpdated():
            for change in handled.changes:
                state.fields[change.field] = change.new
        case TicketClassified():
            for name in TRIAGE:
                if (value := getattr(handled, name)) is not None:
                    setattr(state, name, value)
            state.installation_ids = list(handled.installation_ids) or state.installation_ids
        case TicketAssigned(to=to):
            old, new = state.assignee, {"agent": to.agent, "team": to.team}
            if any(old[who] and old[who] != new[who] for who in old):
                state.counts["reassigned"] += 1
            state.assignee = new
            _begin(state)


def _turned(
    state: TicketState,
    turned: TicketPutOnHold | TicketResumed | TicketResolved | TicketReopened | TicketClosed,
    at: str,
) -> None:
    match turned:
        case TicketPutOnHold():
            state.counts["holds"] += 1
            if state.stage not in DONE:
                _enter(state, "on_hold")
                state.waiting_for, state.waiting_until = turned.waiting_for, _text(turned.until)
        case TicketResumed():
            if state.stage not in DONE:
                _enter(state, "open")
        case TicketResolved():
            _enter(state, "resolved")
            state.resolved_at, state.closed_at = at, None
            state.resolution_code, state.root_cause = turned.resolution_code, turned.root_cause
        case TicketReopened():
            state.counts["reopened"] += 1
            _enter(state, "open")
            state.resolved_at = state.closed_at = state.resolution_code = state.root_cause = None
        case TicketClosed():
            _enter(state, "closed")
            state.closed_at = at
            state.resolution_code = turned.resolution_code or state.resolution_code


def _worked(
    state: TicketState, worked: StepRecorded | FactRequested, recorded: Happened, at: str
) -> None:
    match worked:
        case StepRecorded():
            state.counts["steps"] += 1
            state.entry("steps", worked.step_id).update(
                kind=worked.kind, what=worked.what, outcome=worked.outcome, at=at,
                installation_id=worked.installation_id, by=recorded.actor,
                event_id=str(recorded.event_id),
            )  # fmt: skip
        case FactRequested():
            asked = state.entry("facts_asked", worked.fact_key)
            asked.update({"from": worked.from_contact_id, "at": at, "times": asked["times"] + 1})


def _promised(
    state: TicketState,
    promised: CommitmentMade | CommitmentKept | CommitmentBroken,
    by: str,
    at: str,
) -> None:
    entry = state.entry("promises", promised.commitment_id)
    match promised:
        case CommitmentMade():
            entry.update(
                what=promised.what, to=promised.to_contact_id, due_at=_text(promised.due_at),
                by=by, made_at=at,
            )  # fmt: skip
        case CommitmentKept():
            entry.update(state="kept", ended_at=at)
        case CommitmentBroken():
            entry.update(state="broken", ended_at=at)


def _clocked(
    state: TicketState, clocked: MilestoneStarted | MilestoneMet | MilestoneBreached, at: str
) -> None:
    entry = state.entry("milestones", clocked.milestone)
    entry.update(at=at, entitlement_id=clocked.entitlement_id or entry["entitlement_id"])
    match clocked:
        case MilestoneStarted():
            entry.update(state="running", due_at=_text(clocked.due_at), elapsed_business=None)
        case MilestoneMet():
            entry.update(state="met", elapsed_business=clocked.elapsed_business)
        case MilestoneBreached():
            entry.update(state="breached", elapsed_business=clocked.elapsed_business)
            entry["due_at"] = _text(clocked.due_at) or entry["due_at"]


def _asked(
    state: TicketState,
    asked: TicketEscalationRaised
    | TicketEscalationResolved
    | ConsultationRequested
    | ConsultationAnswered,
    by: str,
    at: str,
) -> None:
    match asked:
        case TicketEscalationRaised():
            state.entry("escalations", asked.escalation_id).update(
                source=asked.source, by_contact_id=asked.by_contact_id, to_role=asked.to_role,
                reason=asked.reason, severity=asked.severity, raised_at=at,
            )  # fmt: skip
        case TicketEscalationResolved():
            state.entry("escalations", asked.escalation_id).update(
                state="resolved", outcome=asked.outcome, agreed_with=asked.agreed_with,
                resolved_at=at,
            )  # fmt: skip
        case ConsultationRequested():
            state.entry("consultations", asked.consultation_id).update(
                department=asked.department, question=asked.question, by=by, asked_at=at,
                due_at=_text(asked.due_at),
            )  # fmt: skip
        case ConsultationAnswered():
            state.entry("consultations", asked.consultation_id).update(
                state="answered", answer=asked.answer, answered_by=asked.by or by, answered_at=at,
            )  # fmt: skip


def _tied(
    state: TicketState,
    tied: ReporterJoined | TicketLinked | TicketsMerged | TicketMergeReverted | TicketMovedAway,
    event_id: str,
) -> None:
    match tied:
        case ReporterJoined(contact_id=contact):
            if contact not in state.reporters:
                state.reporters.append(contact)
        case TicketLinked():
            link = {"id": tied.other_ticket_id, "relation": tied.relation, "system": tied.system}
            if link not in state.links:
                state.links.append(link)
        case TicketsMerged(kept_id=kept):
            state.merges.append({"event_id": event_id, "into": kept})
        case TicketMergeReverted(merge_event_id=merge):
            state.merges = [m for m in state.merges if m["event_id"] != str(merge)]
        case TicketMovedAway(to_stream_id=stream, to_company=company):
            state.moved_to = stream.split("/", 1)[1] if stream else company
    state.merged_into = state.merges[-1]["into"] if state.merges else None
    _settle(state)


def _begin(state: TicketState) -> None:
    """Note that work on a new ticket has begun."""
    if state.stage == "new":
        _enter(state, "open")


def _enter(state: TicketState, stage: Stage) -> None:
    state.stage, state.waiting_for, state.waiting_until = stage, None, None
    _settle(state)


def _settle(state: TicketState) -> None:
    state.status = "moved" if state.moved_to else "merged" if state.merges else state.stage


def _text(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
