"""What is done and owed on a ticket: steps, promises, SLA clocks, escalations, consultations."""

from typing import Literal

from domain.events.base import CompanyText, Event, event
from domain.values import Code, ContactId, Id, Level, Moment, Number, Trend, UserId


@event("ticket.step_recorded")
class StepRecorded(Event):
    """One thing was tried, and this came of it."""

    step_id: Id
    kind: Literal["diagnose", "attempt", "workaround", "fix", "verify"]
    what: CompanyText
    outcome: Literal["worked", "failed", "partial", "unknown"] = "unknown"
    installation_id: Id | None = None


@event("ticket.fact_requested")
class FactRequested(Event):
    """We asked the customer for something."""

    VISIBILITY = "public"

    fact_key: Code
    from_contact_id: ContactId | None = None


@event("ticket.commitment_made")
class CommitmentMade(Event):
    """We promised the customer something, by a time."""

    VISIBILITY = "public"

    commitment_id: Id
    to_contact_id: ContactId | None = None
    what: CompanyText
    due_at: Moment | None = None


@event("ticket.commitment_kept")
class CommitmentKept(Event):
    """What was promised was done."""

    VISIBILITY = "public"

    commitment_id: Id
    evidence: CompanyText | None = None


@event("ticket.commitment_broken")
class CommitmentBroken(Event):
    """What was promised was not done."""

    VISIBILITY = "public"

    commitment_id: Id
    evidence: CompanyText | None = None


@event("ticket.commitment_withdrawn")
class CommitmentWithdrawn(Event):
    """What was promised is owed no more, and was not broken either."""

    VISIBILITY = "public"

    commitment_id: Id
    reason: CompanyText | None = None


@event("ticket.milestone_started")
class MilestoneStarted(Event):
    """An SLA clock starts."""

    milestone: Code
    entitlement_id: Id | None = None
    due_at: Moment | None = None


@event("ticket.milestone_met")
class MilestoneMet(Event):
    """The clock was stopped in time.

    Attributes:
        elapsed_business: Business seconds since it started.
    """

    milestone: Code
    entitlement_id: Id | None = None
    elapsed_business: Number | None = None


@event("ticket.milestone_breached")
class MilestoneBreached(Event):
    """The clock ran out.

    Attributes:
        elapsed_business: Business seconds since it started.
    """

    milestone: Code
    entitlement_id: Id | None = None
    due_at: Moment | None = None
    elapsed_business: Number | None = None


@event("ticket.milestone_paused")
class MilestonePaused(Event):
    """The clock stands still, such as while the ticket is on hold.

    Attributes:
        elapsed_business: Business seconds since it started.
    """

    milestone: Code
    entitlement_id: Id | None = None
    elapsed_business: Number | None = None


@event("ticket.milestone_resumed")
class MilestoneResumed(Event):
    """The clock goes on, and is due at another time."""

    milestone: Code
    entitlement_id: Id | None = None
    due_at: Moment | None = None


@event("ticket.milestone_cancelled")
class MilestoneCancelled(Event):
    """The clock counts no more, such as after a change of the entitlement.

    Attributes:
        elapsed_business: Business seconds since it started.
    """

    milestone: Code
    entitlement_id: Id | None = None
    elapsed_business: Number | None = None
    reason: CompanyText | None = None


@event("ticket.escalation_raised")
class TicketEscalationRaised(Event):
    """Pressure about this ticket reached management."""

    escalation_id: Id
    source: Literal["customer", "internal"]
    by_contact_id: ContactId | None = None
    to_role: Code | None = None
    reason: CompanyText | None = None
    severity: Level | None = None


@event("ticket.escalation_resolved")
class TicketEscalationResolved(Event):
    """The pressure about this ticket is off."""

    escalation_id: Id
    outcome: CompanyText | None = None
    agreed_with: ContactId | None = None


@event("ticket.escalation_accepted")
class TicketEscalationAccepted(Event):
    """Somebody of ours owns the pressure about this ticket."""

    escalation_id: Id
    owner_id: UserId
    due_at: Moment | None = None


@event("ticket.escalation_declined")
class TicketEscalationDeclined(Event):
    """Management does not take it up, and says why."""

    escalation_id: Id
    reason: CompanyText


@event("ticket.escalation_updated")
class TicketEscalationUpdated(Event):
    """How the pressure stands, and who follows it.

    Attributes:
        watchers: All who follow it from now on; empty: as before.
    """

    escalation_id: Id
    trend: Trend | None = None
    note: CompanyText | None = None
    watchers: tuple[UserId, ...] = ()


@event("ticket.consultation_requested")
class ConsultationRequested(Event):
    """We asked another department of ours."""

    consultation_id: Id
    department: Code
    question: CompanyText
    due_at: Moment | None = None


@event("ticket.consultation_answered")
class ConsultationAnswered(Event):
    """The other department answered."""

    consultation_id: Id
    by: UserId | None = None
    answer: CompanyText


@event("ticket.consultation_accepted")
class ConsultationAccepted(Event):
    """Somebody of the other department looks into it."""

    consultation_id: Id
    by: UserId | None = None


@event("ticket.consultation_declined")
class ConsultationDeclined(Event):
    """The other department does not answer, and says why."""

    consultation_id: Id
    by: UserId | None = None
    reason: CompanyText


@event("ticket.consultation_closed")
class ConsultationClosed(Event):
    """Nothing more is expected of the question."""

    consultation_id: Id
    by: UserId | None = None
    reason: CompanyText | None = None


AnyDutyEvent = (
    StepRecorded
    | FactRequested
    | CommitmentMade
    | CommitmentKept
    | CommitmentBroken
    | CommitmentWithdrawn
    | MilestoneStarted
    | MilestoneMet
    | MilestoneBreached
    | MilestonePaused
    | MilestoneResumed
    | MilestoneCancelled
    | TicketEscalationRaised
    | TicketEscalationResolved
    | TicketEscalationAccepted
    | TicketEscalationDeclined
    | TicketEscalationUpdated
    | ConsultationRequested
    | ConsultationAnswered
    | ConsultationAccepted
    | ConsultationDeclined
    | ConsultationClosed
)
