"""What is done and owed on a ticket: steps, promises, SLA clocks, escalations, consultations."""

from typing import Literal

from domain.events.base import CompanyText, Event, event
from domain.values import Code, ContactId, Id, Level, Moment, Number, UserId


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


AnyDutyEvent = (
    StepRecorded
    | FactRequested
    | CommitmentMade
    | CommitmentKept
    | CommitmentBroken
    | MilestoneStarted
    | MilestoneMet
    | MilestoneBreached
    | TicketEscalationRaised
    | TicketEscalationResolved
    | ConsultationRequested
    | ConsultationAnswered
)
