"""What is owed on a ticket and how it stands to others, as its state holds it."""

from typing import Any

from domain.events.duties import (
    CommitmentWithdrawn,
    ConsultationAccepted,
    ConsultationAnswered,
    ConsultationClosed,
    ConsultationDeclined,
    MilestoneCancelled,
    MilestonePaused,
    MilestoneResumed,
    MilestoneStarted,
    TicketEscalationAccepted,
    TicketEscalationDeclined,
    TicketEscalationRaised,
    TicketEscalationResolved,
    TicketEscalationUpdated,
)
from domain.events.ticket import (
    TicketLinked,
)
from domain.events.ties import (
    DuplicateDismissed,
    DuplicateSuspected,
    TicketSplit,
    TicketUnlinked,
)
from tests.events import MIA, at, consulted, on_ticket, opened, promised
from tests.test_ticket_state import after


def test_what_comes_between_the_beginning_and_the_end_is_told_too() -> None:
    state = after(
        opened(),
        promised(commitment_id="P-1"),
        on_ticket(CommitmentWithdrawn, commitment_id="P-1", reason="Not needed"),
        consulted(consultation_id="Q-1"),
        on_ticket(ConsultationAccepted, consultation_id="Q-1", by="tom"),
        consulted(consultation_id="Q-2"),
        on_ticket(ConsultationDeclined, consultation_id="Q-2", reason="Not ours"),
        consulted(consultation_id="Q-3"),
        on_ticket(ConsultationClosed, consultation_id="Q-3", reason=None),
        on_ticket(TicketEscalationRaised, escalation_id="X-1"),
        on_ticket(TicketEscalationUpdated, escalation_id="X-1", trend="worsening"),
        on_ticket(TicketEscalationAccepted, escalation_id="X-1", owner_id="tom"),
        on_ticket(TicketEscalationUpdated, escalation_id="X-1", trend=None, note=None, watchers=()),
        on_ticket(TicketEscalationRaised, escalation_id="X-2"),
        on_ticket(TicketEscalationDeclined, escalation_id="X-2", reason="In hand"),
    )

    assert [(p["state"], p["reason"]) for p in state.promises] == [("withdrawn", "Not needed")]
    assert [(q["state"], q["reason"]) for q in state.consultations] == [
        ("accepted", None), ("declined", "Not ours"), ("closed", None),
    ]  # fmt: skip
    first, second = state.escalations
    assert (first["state"], first["owner_id"], first["trend"]) == ("accepted", "tom", "worsening")
    assert (first["note"], first["watchers"]) == ("Now on channel 3 too", [MIA, "tom"])
    assert (second["state"], second["declined_because"]) == ("declined", "In hand")


def test_an_acceptance_that_is_told_last_does_not_undo_the_end() -> None:
    state = after(
        on_ticket(TicketEscalationResolved, escalation_id="X-1"),
        on_ticket(TicketEscalationAccepted, escalation_id="X-1"),
        on_ticket(ConsultationAnswered, consultation_id="Q-1"),
        on_ticket(ConsultationAccepted, consultation_id="Q-1"),
    )

    assert [entry["state"] for entry in (*state.escalations, *state.consultations)] == [
        "resolved", "answered",
    ]  # fmt: skip


def test_a_clock_stands_still_goes_on_and_may_count_no_more() -> None:
    clock: dict[str, Any] = {"milestone": "resolution", "entitlement_id": None}
    started = on_ticket(MilestoneStarted, due_at=at("13:02"), **clock)
    paused = on_ticket(MilestonePaused, elapsed_business=600, **clock)
    resumed = on_ticket(MilestoneResumed, due_at=at("15:02"), **clock)

    held, again = after(started, paused), after(started, paused, resumed)
    cancelled = after(started, on_ticket(MilestoneCancelled, **clock))

    assert [m["state"] for m in held.milestones] == ["paused"]
    assert [(m["state"], m["due_at"]) for m in again.milestones] == [
        ("running", "2026-11-02T15:02:00.000000Z")
    ]
    assert [m["state"] for m in cancelled.milestones] == ["cancelled"]


def test_ties_to_other_tickets_come_and_go() -> None:
    state = after(
        opened(),
        on_ticket(TicketLinked, other_ticket_id="T-2", relation="parent", system=None),
        on_ticket(TicketLinked, other_ticket_id="T-3", relation="parent", system=None),
        on_ticket(TicketUnlinked, other_ticket_id="T-2", relation="parent", system=None),
        on_ticket(DuplicateSuspected, candidate_ticket_id="T-4"),
        on_ticket(DuplicateSuspected, candidate_ticket_id="T-5"),
        on_ticket(DuplicateDismissed, candidate_ticket_id="T-4"),
        on_ticket(TicketSplit, new_ticket_id="T-6"),
    )

    assert [link["id"] for link in state.links] == ["T-3"]
    assert [(s["id"], s["state"]) for s in state.suspected] == [
        ("T-4", "dismissed"), ("T-5", "suspected"),
    ]  # fmt: skip
    assert state.split_into == [{"id": "T-6", "events": 1}]
