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
    CommitmentWithdrawn,
    ConsultationAccepted,
    ConsultationAnswered,
    ConsultationClosed,
    ConsultationDeclined,
    ConsultationRequested,
    FactRequested,
    MilestoneBreached,
    MilestoneCancelled,
    MilestoneMet,
    MilestonePaused,
    MilestoneResumed,
    MilestoneStarted,
    StepRecorded,
    TicketEscalationAccepted,
    TicketEscalationDeclined,
    TicketEscalationRaised,
    TicketEscalationResolved,
    TicketEscalationUpdated,
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
from domain.events.ties import (
    DuplicateDismissed,
    DuplicateSuspected,
    TicketSplit,
    TicketUnlinked,
)
from domain.values import rfc3339, ticket_chain
from projections.ticket_duties import owed
from projections.ticket_record import Stage, TicketState, dump, load
from projections.ticket_workers import note

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
    note(state, recorded, at)
    match recorded.data:
        case CustomerMessageReceived() | AgentReplySent() | InternalNoteAdded() as said:
            _said(state, said, at)
        case TicketUpdated() | TicketClassified() | TicketAssigned() as handled:
            _handled(state, handled)
        case (TicketPutOnHold() | TicketResumed() | TicketResolved() | TicketReopened()
              | TicketClosed()) as turned:  # fmt: skip
            _turned(state, turned, at)
        case (StepRecorded() | FactRequested() | CommitmentMade() | CommitmentKept()
              | CommitmentBroken() | CommitmentWithdrawn() | MilestoneStarted() | MilestoneMet()
              | MilestoneBreached() | MilestonePaused() | MilestoneResumed()
              | MilestoneCancelled() | TicketEscalationRaised() | TicketEscalationResolved()
              | TicketEscalationAccepted() | TicketEscalationDeclined()
              | TicketEscalationUpdated() | ConsultationRequested() | ConsultationAnswered()
              | ConsultationAccepted() | ConsultationDeclined()
              | ConsultationClosed()) as duty:  # fmt: skip
            owed(state, duty, recorded)
        case TicketOpened() as opened:
            _opened(state, opened, at)
        case (ReporterJoined() | TicketLinked() | TicketUnlinked() | TicketsMerged()
              | TicketMergeReverted() | TicketMovedAway() | TicketSplit()) as tied:  # fmt: skip
            _tied(state, tied, str(recorded.event_id))
        case DuplicateSuspected() | DuplicateDismissed() as suspected:
            _suspected(state, suspected, recorded.actor, at)
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


def _tied(
    state: TicketState,
    tied: ReporterJoined
    | TicketLinked
    | TicketUnlinked
    | TicketsMerged
    | TicketMergeReverted
    | TicketMovedAway
    | TicketSplit,
    event_id: str,
) -> None:
    match tied:
        case ReporterJoined(contact_id=contact):
            if contact and contact not in state.reporters:  # nobody, if who it was is withheld
                state.reporters.append(contact)
        case TicketLinked():
            if (link := _link(tied)) not in state.links:
                state.links.append(link)
        case TicketUnlinked():
            state.links = [link for link in state.links if link != _link(tied)]
        case TicketSplit(new_ticket_id=new, moved_event_ids=moved):
            state.split_into.append({"id": new, "events": len(moved)})
        case TicketsMerged(kept_id=kept):
            state.merges.append({"event_id": event_id, "into": kept})
        case TicketMergeReverted(merge_event_id=merge):
            state.merges = [m for m in state.merges if m["event_id"] != str(merge)]
        case TicketMovedAway(to_stream_id=stream, to_company=company):
            state.moved_to = stream.split("/", 1)[1] if stream else company
    state.merged_into = state.merges[-1]["into"] if state.merges else None
    _settle(state)


def _link(tied: TicketLinked | TicketUnlinked) -> dict[str, str | None]:
    return {"id": tied.other_ticket_id, "relation": tied.relation, "system": tied.system}


def _suspected(
    state: TicketState, suspected: DuplicateSuspected | DuplicateDismissed, by: str, at: str
) -> None:
    entry = state.entry("suspected", suspected.candidate_ticket_id)
    match suspected:
        case DuplicateSuspected():
            signals, weights = list(suspected.signals), list(suspected.weights)
            entry.update(score=suspected.score, signals=signals, weights=weights, at=at)
        case DuplicateDismissed():
            entry.update(state="dismissed", by=suspected.by or by, reason=suspected.reason)


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
