"""What is owed on a ticket, in words: promises, clocks, pressure, questions to others."""

from domain.events import Recorded
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
    TicketEscalationAccepted,
    TicketEscalationDeclined,
    TicketEscalationRaised,
    TicketEscalationResolved,
    TicketEscalationUpdated,
)
from projections import pressure
from projections.phrases import (
    contact,
    line,
    plain,
    said,
    span,
    staff,
    told,
    when,
    who,
    words,
)


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


@line(CommitmentWithdrawn)
def promise_withdrawn(recorded: Recorded[CommitmentWithdrawn]) -> str:
    """Say why it is owed no more."""
    return f"Promise withdrawn{told(recorded.data.reason)}"


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


@line(MilestonePaused)
def clock_paused(recorded: Recorded[MilestonePaused]) -> str:
    """Say which clock stands still, and where."""
    event = recorded.data
    at = "" if event.elapsed_business is None else f", at {span(event.elapsed_business)}"
    return f"Clock paused for {words(event.milestone)}{at}"


@line(MilestoneResumed)
def clock_resumed(recorded: Recorded[MilestoneResumed]) -> str:
    """Say which clock goes on, and by when what is due."""
    event = recorded.data
    due = f", due {when(event.due_at, recorded.occurred_at)}" if event.due_at else ""
    return f"Clock goes on for {words(event.milestone)}{due}"


@line(MilestoneCancelled)
def clock_cancelled(recorded: Recorded[MilestoneCancelled]) -> str:
    """Say which clock counts no more, and why."""
    event = recorded.data
    return f"Clock cancelled for {words(event.milestone)}{told(event.reason)}"


@line(TicketEscalationRaised)
def escalated(recorded: Recorded[TicketEscalationRaised]) -> str:
    """Say who brought pressure, and to whom."""
    event = recorded.data
    return f"Escalated by {pressure.brought(event)}{said(event.reason, ': ')}"


@line(TicketEscalationResolved)
def escalation_over(recorded: Recorded[TicketEscalationResolved]) -> str:
    """Say how the pressure ended."""
    return pressure.over(recorded.data)


@line(TicketEscalationAccepted)
def escalation_accepted(recorded: Recorded[TicketEscalationAccepted]) -> str:
    """Say who owns the pressure."""
    return pressure.owned(recorded.data, recorded.occurred_at)


@line(TicketEscalationDeclined)
def escalation_declined(recorded: Recorded[TicketEscalationDeclined]) -> str:
    """Say why it is not taken up."""
    return pressure.declined(recorded.data)


@line(TicketEscalationUpdated)
def escalation_updated(recorded: Recorded[TicketEscalationUpdated]) -> str:
    """Say how the pressure stands, and who follows it."""
    return pressure.developed(recorded.data)


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


@line(ConsultationAccepted)
def consultation_accepted(recorded: Recorded[ConsultationAccepted]) -> str:
    """Say who looks into it."""
    return f"{staff(recorded.data.by, otherwise=who(recorded))} looks into the question"


@line(ConsultationDeclined)
def consultation_declined(recorded: Recorded[ConsultationDeclined]) -> str:
    """Say why there is no answer."""
    event = recorded.data
    by = staff(event.by, otherwise=who(recorded))
    return f"{by} does not answer the question: {said(event.reason)}"


@line(ConsultationClosed)
def consultation_closed(recorded: Recorded[ConsultationClosed]) -> str:
    """Say that nothing more is expected of it."""
    event = recorded.data
    return f"Question closed by {staff(event.by, otherwise=who(recorded))}{told(event.reason)}"
