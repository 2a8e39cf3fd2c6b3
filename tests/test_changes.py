"""Differences between two states: as data that applies, and in words."""

from typing import Final

import orjson
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Logged
from domain.events.duties import (
    CommitmentBroken,
    ConsultationAnswered,
    FactRequested,
)
from domain.events.ticket import (
    Assignee,
    ReporterJoined,
    TicketMergeReverted,
    TicketPutOnHold,
    TicketReopened,
    TicketsMerged,
)
from domain.values import Reader
from projections.changes import apply, changes, in_words
from projections.redaction import RESTRICTED
from projections.replay import state_at
from projections.replay_difference import difference, until
from projections.slots import slot
from tests.events import (
    ACME,
    ANA,
    JAN,
    MIA,
    TOM,
    Log,
    agent_replied,
    assigned,
    at,
    classified,
    consulted,
    customer_wrote,
    every_event,
    logged,
    noted,
    on_ticket,
    opened,
    promised,
    step_taken,
)
from tests.histories import histories, in_fold_order

AGENT: Final = Reader(frozenset(("public", "internal")))


CUSTOMER: Final = Reader(frozenset(("public",)), frozenset((ACME,)), public_only=True)


def test_the_clocks_differ_about_what_was_there() -> None:
    log = Log()
    log.add(opened(occurred_at=at("09:00")), agent_replied(occurred_at=at("12:00")))
    log.add(customer_wrote(occurred_at=at("10:00"), recorded_at=at("13:00")))
    events = in_fold_order(log.history)

    assert [e.position for e in until(events, at("11:00"))] == [1, 3]
    assert [e.position for e in until(events, at("12:30"), "recorded")] == [1, 2]
    assert [e.position for e in until(events, 2)] == [1, 2]


def test_the_difference_between_two_instants_is_told_in_words() -> None:
    log = logged(
        opened(severity=2, occurred_at=at("09:00")),
        customer_wrote(occurred_at=at("09:10")),
        assigned(to=Assignee(agent=MIA), occurred_at=at("09:20")),
        classified(severity=1, category="Playout", occurred_at=at("09:30")),
        step_taken(what="Flush the cache", outcome="failed", occurred_at=at("09:40")),
        promised(what="Patch", due_at=at("17:00", 3), occurred_at=at("09:50")),
        on_ticket(TicketPutOnHold, waiting_for="vendor", occurred_at=at("10:00")),
        on_ticket(CommitmentBroken, occurred_at=at("17:01", 3)),
        on_ticket(ReporterJoined, contact_id=ANA, occurred_at=at("17:02", 3)),
    )

    found = difference(log, at("09:15"), at("18:00", 3))

    assert found.words == [
        "Status: new → on hold, waiting for vendor.",
        f"Assigned to {slot('staff', MIA)}, before that to nobody.",
        "Severity: 2 → 1.",
        "Category: Playout.",
        "Step taken, attempt: “Flush the cache”, outcome failed.",
        "Promised: “Patch”, due 2026-11-03 17:00 UTC.",
        "Promise “Patch”: broken.",
        f"{slot('contact', ANA)} joined.",
    ]
    assert (found.steps, found.positions) == ((2, 9), (2, 9))
    assert apply(found.changes, found.before) == found.after


def test_the_difference_follows_the_clock_that_is_asked() -> None:
    log = Log()
    log.add(opened(occurred_at=at("09:00")), agent_replied(occurred_at=at("12:00")))
    log.add(customer_wrote(occurred_at=at("10:00"), recorded_at=at("13:00")))
    events = in_fold_order(log.history)

    happened = difference(events, at("09:30"), at("11:00"))
    recorded = difference(events, at("09:30"), at("12:30"), "recorded")
    positions = difference(events, 2, 3)

    assert happened.words == ["1 more message from the customer."]
    assert recorded.words == ["Status: new → open.", "1 more reply."]
    assert positions.words == ["1 more message from the customer."]


def test_nothing_changed_is_said_with_nothing() -> None:
    log = logged(opened(), noted(occurred_at=at("10:00")))

    found = difference(log, at("09:30"), at("09:45"))

    assert (found.changes, found.words) == ([], [])


def test_a_difference_from_before_the_ticket_begins_with_its_opening() -> None:
    log = logged(opened(subject="Playout drops frames", occurred_at=at("09:00")))

    words = difference(log, at("08:00"), at("10:00")).words

    assert words[:2] == ["Opened.", "Subject: Playout drops frames."]
    assert f"Requester: {slot('contact', JAN)}." in words


def test_every_thing_that_can_come_to_a_ticket_has_its_words() -> None:
    merge = on_ticket(TicketsMerged, kept_id="TCK-1100")
    undoing = ("ticket.merged", "ticket.unlinked", "ticket.escalation_declined",
               "ticket.consultation_declined", "ticket.milestone_cancelled")  # fmt: skip
    log = [e for e in every_event() if e.kind == "ticket" and e.type not in undoing]
    before = state_at(logged(opened(), merge), 2)
    after = state_at(logged(*log, merge), len(log) + 1)
    undone = state_at(
        logged(opened(), merge, on_ticket(TicketMergeReverted, merge_event_id=merge.event_id)), 3
    )

    words = " ".join(in_words(state_at([], 0), after))

    for part in (
        "Moved away to TCK-1182~2.", "Merged into TCK-1100.", "Linked to TCK-1100 (caused by).",
        "Asked Engineering: “Does 7.2 leak in the codec?”.", "Answer of Engineering: “Yes",
        "Escalated: “We are on air tonight”.", "Escalation resolved: “Engineer on site”.",
        "The clock first_reply started, due 2026-11-02 10:02 UTC.", "The clock first_reply: met.",
        "Asked the customer for log_files.", "Urgency: High.", "Reopened.",
        "TCK-1301 was split from it.", "May be a duplicate of TCK-1100.",
    ):  # fmt: skip
        assert part in words
    assert "No longer merged into TCK-1100." in in_words(before, undone)


def test_words_of_people_cannot_forge_a_name() -> None:
    log = logged(opened(subject=f"Call {slot('staff', TOM)} at once"))

    words = difference(log, at("08:00"), at("10:00")).words

    assert "Subject: Call �staff/tom� at once." in words


def test_going_back_is_a_difference_too() -> None:
    log = logged(
        opened(occurred_at=at("09:00")),
        noted(occurred_at=at("10:00")),
        step_taken(occurred_at=at("11:00")),
        on_ticket(FactRequested, occurred_at=at("11:10")),
    )

    found = difference(log, at("12:00"), at("09:30"))

    assert apply(found.changes, found.before) == found.after
    assert "1 fewer note." in found.words
    assert "No longer there, of the steps: S-1." in found.words


@given(histories(), st.integers(0, 14), st.integers(0, 14))
def test_applying_a_difference_makes_the_other_state(
    log: list[Logged], first: int, second: int
) -> None:
    events = in_fold_order(log)
    before, after = (state_at(events, min(step, len(events))) for step in (first, second))

    changed = changes(before, after)

    assert apply(changed, before) == after
    assert apply(orjson.loads(orjson.dumps(changed)), before) == after
    assert (changed == []) == (before == after)


@given(histories(), st.integers(1, 14))
def test_differences_on_the_recorded_clock_apply_too(log: list[Logged], position: int) -> None:
    found = difference(in_fold_order(log), position, len(log))

    assert apply(found.changes, found.before) == found.after
    assert found.words == [] or found.changes


def test_a_difference_never_holds_what_the_reader_may_not_read() -> None:
    log = logged(
        opened(occurred_at=at("09:00")),
        promised(what="A secret discount", visibility="restricted", occurred_at=at("10:00")),
        step_taken(what="Ask legal", visibility="restricted", occurred_at=at("10:10")),
    )

    found = difference(log, at("09:30"), at("11:00"), reader=AGENT)

    assert f"Promised: “{RESTRICTED}”, due not known." in found.words
    assert "discount" not in str(found)
    assert "legal" not in str(found)
    assert difference(log, 1, 3, reader=CUSTOMER).positions == (None, None)


def test_an_answer_and_a_reopening_are_told_once() -> None:
    before = state_at(logged(opened(), consulted()), 2)
    after = state_at(
        logged(
            opened(),
            consulted(),
            on_ticket(ConsultationAnswered, answer="Yes"),
            on_ticket(TicketReopened),
            on_ticket(TicketReopened),
        ),
        5,
    )

    assert in_words(before, after) == [
        "Status: new → open.", "Reopened 2 times.", "Answer of Engineering: “Yes”.",
    ]  # fmt: skip
