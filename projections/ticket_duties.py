"""What is done and owed on a ticket, as its state holds it: steps, promises, clocks, questions.

Whatever comes first, the end of a thing stays its end: what begins it only fills in the rest.
"""

from datetime import datetime
from typing import assert_never

from domain.events import AnyTicketEvent, Recorded
from domain.events.duties import (
    AnyDutyEvent,
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
from domain.values import rfc3339
from projections.ticket_record import TicketState

Happened = Recorded[AnyTicketEvent]
Promised = CommitmentMade | CommitmentKept | CommitmentBroken | CommitmentWithdrawn
Clocked = (
    MilestoneStarted
    | MilestoneMet
    | MilestoneBreached
    | MilestonePaused
    | MilestoneResumed
    | MilestoneCancelled
)
Escalated = (
    TicketEscalationRaised
    | TicketEscalationResolved
    | TicketEscalationAccepted
    | TicketEscalationDeclined
    | TicketEscalationUpdated
)
Consulted = (
    ConsultationRequested
    | ConsultationAnswered
    | ConsultationAccepted
    | ConsultationDeclined
    | ConsultationClosed
)


def owed(state: TicketState, duty: AnyDutyEvent, recorded: Happened) -> None:
    """Take over what was done, promised, asked or measured."""
    at, by = rfc3339(recorded.occurred_at), recorded.actor
    match duty:
        case StepRecorded() | FactRequested():
            _worked(state, duty, recorded, at)
        case CommitmentMade() | CommitmentKept() | CommitmentBroken() | CommitmentWithdrawn():
            _promised(state, duty, by, at)
        case (
            MilestoneStarted() | MilestoneMet() | MilestoneBreached() | MilestonePaused()
            | MilestoneResumed() | MilestoneCancelled()
        ):  # fmt: skip
            _clocked(state, duty, at)
        case (
            TicketEscalationRaised() | TicketEscalationResolved() | TicketEscalationAccepted()
            | TicketEscalationDeclined() | TicketEscalationUpdated()
        ):  # fmt: skip
            _escalated(state, duty, at)
        case (
            ConsultationRequested() | ConsultationAnswered() | ConsultationAccepted()
            | ConsultationDeclined() | ConsultationClosed()
        ):  # fmt: skip
            _consulted(state, duty, by, at)
        case _ as never:
            assert_never(never)


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


def _promised(state: TicketState, promised: Promised, by: str, at: str) -> None:
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
        case CommitmentWithdrawn():
            entry.update(state="withdrawn", ended_at=at, reason=promised.reason)


def _clocked(state: TicketState, clocked: Clocked, at: str) -> None:
    entry = state.entry("milestones", clocked.milestone)
    entry.update(at=at, entitlement_id=clocked.entitlement_id or entry["entitlement_id"])
    match clocked:
        case MilestoneStarted():
            entry.update(state="running", due_at=_text(clocked.due_at), elapsed_business=None,
                         event_ids=entry["event_ids"][-1:])  # fmt: skip
        case MilestoneResumed():
            entry.update(state="running", due_at=_text(clocked.due_at) or entry["due_at"])
        case MilestonePaused():
            entry.update(state="paused", elapsed_business=clocked.elapsed_business)
        case MilestoneMet():
            entry.update(state="met", elapsed_business=clocked.elapsed_business)
        case MilestoneCancelled():
            entry.update(state="cancelled", elapsed_business=clocked.elapsed_business)
        case MilestoneBreached():
            entry.update(state="breached", elapsed_business=clocked.elapsed_business)
            entry["due_at"] = _text(clocked.due_at) or entry["due_at"]


def _escalated(state: TicketState, escalated: Escalated, at: str) -> None:
    entry = state.entry("escalations", escalated.escalation_id)
    match escalated:
        case TicketEscalationRaised():
            entry.update(
                source=escalated.source, by_contact_id=escalated.by_contact_id,
                to_role=escalated.to_role, reason=escalated.reason, severity=escalated.severity,
                raised_at=at,
            )  # fmt: skip
        case TicketEscalationAccepted():
            entry.update(owner_id=escalated.owner_id, owner_due_at=_text(escalated.due_at))
            if entry["state"] == "raised":
                entry["state"] = "accepted"
        case TicketEscalationUpdated():
            entry.update(trend=escalated.trend or entry["trend"], updated_at=at)
            entry["note"] = escalated.note or entry["note"]
            entry["watchers"] = list(escalated.watchers) or entry["watchers"]
        case TicketEscalationDeclined():
            entry.update(state="declined", declined_at=at, declined_because=escalated.reason)
        case TicketEscalationResolved():
            entry.update(
                state="resolved", outcome=escalated.outcome, agreed_with=escalated.agreed_with,
                resolved_at=at,
            )  # fmt: skip


def _consulted(state: TicketState, consulted: Consulted, by: str, at: str) -> None:
    entry = state.entry("consultations", consulted.consultation_id)
    match consulted:
        case ConsultationRequested():
            entry.update(
                department=consulted.department, question=consulted.question, by=by, asked_at=at,
                due_at=_text(consulted.due_at),
            )  # fmt: skip
        case ConsultationAccepted():
            entry.update(accepted_by=consulted.by or by, accepted_at=at)
            if entry["state"] == "asked":
                entry["state"] = "accepted"
        case ConsultationAnswered():
            entry.update(
                state="answered", answer=consulted.answer, answered_by=consulted.by or by,
                answered_at=at,
            )  # fmt: skip
        case ConsultationDeclined():
            entry.update(state="declined", reason=consulted.reason, ended_at=at)
        case ConsultationClosed():
            entry.update(state="closed", ended_at=at)
            entry["reason"] = consulted.reason or entry["reason"]


def _text(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
