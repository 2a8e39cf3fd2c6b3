"""What is owed on a ticket, in words: promises, clocks, pressure, questions to others."""

from domain.events import Recorded
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
    TicketEscalationRaised,
    TicketEscalationResolved,
)
from projections.phrases import contact, line, plain, said, span, staff, told, when, who, words


@line(FactRequested)
def fact_requested(recorded: Recorded[FactRequested]) -> str:
    """Say what we asked the customer for."""
    event = recorded.data
    asked = contact(event.from_contact_id, otherwise="the customer")
    return f"Asked {asked} for {words(event.fact_key)}"


@line(CommitmentMade)
def promised(recorded: Recorded[CommitmentMade]) -> str:
    """Say what was promised, to whom and by when."""
    event = recorded.data
    by = f" by {when(event.due_at, recorded.occurred_at)}" if event.due_at else ""
    return f"Promised{contact(event.to_contact_id, ' to ')}{by}{told(event.what)}"


@line(CommitmentKept)
def promise_kept(recorded: Recorded[CommitmentKept]) -> str:
    """Say what shows that it was kept."""
    return f"Promise kept{told(recorded.data.evidence)}"


@line(CommitmentBroken)
def promise_broken(recorded: Recorded[CommitmentBroken]) -> str:
    """Say what shows that it was broken."""
    return f"Promise broken{told(recorded.data.evidence)}"


@line(MilestoneStarted)
def clock_started(recorded: Recorded[MilestoneStarted]) -> str:
    """Say by when what is due."""
    event = recorded.data
    due = f", due {when(event.due_at, recorded.occurred_at)}" if event.due_at else ""
    return f"Clock started for {words(event.milestone)}{due}"


@line(MilestoneMet)
def clock_met(recorded: Recorded[MilestoneMet]) -> str:
    """Say what was done in time."""
    event = recorded.data
    took = "" if event.elapsed_business is None else f", after {span(event.elapsed_business)}"
    return f"In time for {words(event.milestone)}{took}"


@line(MilestoneBreached)
def clock_breached(recorded: Recorded[MilestoneBreached]) -> str:
    """Say what was not done in time."""
    event = recorded.data
    due = f", due {when(event.due_at, recorded.occurred_at)}" if event.due_at else ""
    return f"Too late for {words(event.milestone)}{due}"


@line(TicketEscalationRaised)
def escalated(recorded: Recorded[TicketEscalationRaised]) -> str:
    """Say who brought pressure, and to whom."""
    event = recorded.data
    source = "the customer" if event.source == "customer" else "us"
    role = f" to {plain(event.to_role)}" if event.to_role else ""
    severity = f", severity {event.severity}" if event.severity else ""
    by = contact(event.by_contact_id, otherwise=source)
    return f"Escalated by {by}{role}{severity}{said(event.reason, ': ')}"


@line(TicketEscalationResolved)
def escalation_over(recorded: Recorded[TicketEscalationResolved]) -> str:
    """Say how the pressure ended."""
    event = recorded.data
    return f"Escalation over{contact(event.agreed_with, ', agreed with ')}{told(event.outcome)}"


@line(ConsultationRequested)
def consulted(recorded: Recorded[ConsultationRequested]) -> str:
    """Say what another department was asked."""
    event = recorded.data
    due = f" (due {when(event.due_at, recorded.occurred_at)})" if event.due_at else ""
    return f"{who(recorded)} asked {plain(event.department)}: {said(event.question)}{due}"


@line(ConsultationAnswered)
def consultation_answered(recorded: Recorded[ConsultationAnswered]) -> str:
    """Say what the other department answered."""
    event = recorded.data
    by = staff(event.by, otherwise=who(recorded))
    return f"{by} answered the question: {said(event.answer)}"
