"""Replay and difference: every step with the state it left, and what changed in between."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Event, Logged, Recorded
from domain.events.company import CompanyEscalationRaised, ContactAffiliationEnded
from domain.events.ticket import (
    Assignee,
    CommitmentBroken,
    CommitmentKept,
    ConsultationAnswered,
    Continues,
    Counts,
    FactRequested,
    ReporterJoined,
    TicketClosed,
    TicketMergeReverted,
    TicketMovedAway,
    TicketPutOnHold,
    TicketReopened,
    TicketsMerged,
)
from domain.values import Reader, everything
from projections.changes import apply, changes, in_words
from projections.database import Database
from projections.lines import line_of
from projections.redaction import RESTRICTED, redact
from projections.replay import (
    company_difference,
    company_replay,
    difference,
    replay,
    state_at,
    until,
    whole,
)
from projections.slots import slot
from projections.ticket_state import dump
from projections.tickets import Folded, tickets
from projections.tickets import apply as fold_page
from tests.events import (
    ACME,
    ANA,
    JAN,
    MIA,
    MONDAY,
    TICKET,
    TOM,
    Log,
    affiliated,
    agent_replied,
    assigned,
    at,
    classified,
    company_registered,
    consulted,
    customer_wrote,
    every_event,
    logged,
    noted,
    on_company,
    on_ticket,
    opened,
    promised,
    resolved,
    step_taken,
    talked,
)
from tests.histories import histories, history_of, in_fold_order

AGENT: Final = Reader(frozenset(("public", "internal")))
CUSTOMER: Final = Reader(frozenset(("public",)), frozenset((ACME,)), public_only=True)
MOVED: Final = f"{TICKET}~2"


def story() -> list[Logged]:
    """Tell a ticket that four agents have had: sixty steps, three handovers."""
    told: list[Recorded[Event]] = [opened(occurred_at=MONDAY)]
    for number in range(60):
        moment = MONDAY + timedelta(hours=number + 1)
        agent = ("mia", "tom", "eve", "kim")[number // 15]
        if number % 15 == 0:
            told.append(
                assigned(to=Assignee(agent=agent), actor=f"agent/{agent}", occurred_at=moment)
            )
        told.append(
            step_taken(
                step_id=f"S-{number}",
                what=f"Try setting {number}",
                outcome="worked" if number == 59 else "failed",
                actor=f"agent/{agent}",
                occurred_at=moment + timedelta(minutes=1),
            )
        )
    return logged(*told)


def moved() -> list[Logged]:
    """Tell a ticket that was filed under the wrong company and moved to Borealis."""
    continues = Continues(
        stream_id=f"ticket/{TICKET}",
        chain_id=TICKET,
        first_opened_at=MONDAY,
        counts=Counts(events=4, agent_replies=1),
    )
    there: dict[str, Any] = {"company": "borealis", "occurred_at": at("12:00")}
    return logged(
        opened(),
        step_taken(step_id="S-1", what="Flush the cache"),
        promised(commitment_id="P-1", what="Patch"),
        agent_replied(),
        on_ticket(TicketMovedAway, to_company="borealis", to_stream_id=f"ticket/{MOVED}"),
        opened(MOVED, continues=continues, **there),
        step_taken(MOVED, step_id="S-2", what="Roll back", visibility="public", **there),
        on_ticket(CommitmentKept, MOVED, commitment_id="P-1", **there),
    )


def test_a25_a_fifth_agent_replays_every_step_with_its_author() -> None:
    steps = list(replay(story()))

    assert [step.ordinal for step in steps] == list(range(1, 66))
    last = steps[-1].state
    assert [(s["what"], s["by"]) for s in last["steps"]] == [
        (f"Try setting {n}", f"agent/{('mia', 'tom', 'eve', 'kim')[n // 15]}") for n in range(60)
    ]
    assert (last["counts"]["reassigned"], last["counts"]["steps"]) == (3, 60)
    assert all(step.event["text"] and step.event["actor"] for step in steps)


def test_a25_replay_to_a_step_is_the_state_at_that_step() -> None:
    log = story()

    for step in replay(log):
        assert state_at(log, step.ordinal) == step.state
        assert state_at(log[: step.ordinal], step.ordinal) == step.state


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def test_a41_the_state_after_the_last_step_is_the_live_one_byte_for_byte(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    log = logged(*(e for e in every_event() if e.kind == "ticket"), noted(occurred_at=at("08:00")))
    url = f"sqlite:///{tmp_path}/read.db" if kind == "sqlite" else None
    database = Database(url or request.getfixturevalue("postgres"))
    view = tickets.view(database, 1, history_of(log))
    view.create()
    for logged_alone in log:
        fold_page(view, [logged_alone])

    *_, last = replay(in_fold_order(log))

    assert view.one("SELECT doc FROM {states}") == (last.document,)
    database.close()


def test_a41_a_replay_can_be_taken_up_at_any_step() -> None:
    log = story()
    steps = list(replay(log))

    for start in (1, 2, 30, 65):
        assert list(replay(log, start=start)) == steps[start - 1 :]
    assert list(replay(log, start=66)) == []


@given(histories(("T-1", "T-1~2")), st.integers(1, 14), st.sampled_from((AGENT, CUSTOMER)))
def test_a41_taken_up_after_any_step_a_replay_gives_exactly_the_rest(
    log: list[Logged], cut: int, reader: Reader
) -> None:
    events = in_fold_order(log)
    if reader.public_only:
        events = [e for e in events if e.event.visibility == "public"]
    steps = list(replay(events, reader))

    for step in steps[:cut]:
        rest = list(replay(events[step.ordinal :], reader, after=step))
        assert rest == steps[step.ordinal :]


def test_a41_a_replay_across_companies_is_taken_up_too() -> None:
    log, reader = moved(), everything(["borealis"])
    steps = list(replay(log, reader))

    for step in steps:
        assert list(replay(log[step.ordinal :], reader, after=step)) == steps[step.ordinal :]


@given(histories())
def test_a41_replaying_any_history_ends_in_the_fold_of_it(log: list[Logged]) -> None:
    folded = Folded()
    folded.take(in_fold_order(log))

    *_, last = replay(in_fold_order(log))

    assert last.document == dump(folded.full)


@given(histories())
def test_an_agent_and_a_customer_replay_to_their_own_live_states(log: list[Logged]) -> None:
    folded = Folded()
    folded.take(in_fold_order(log))

    *_, last = replay(in_fold_order(log), AGENT)
    seen = list(replay(in_fold_order(log), CUSTOMER))

    assert last.document == dump(folded.internal or folded.full)
    assert len(seen) == sum(e.event.visibility == "public" for e in log)
    if seen:
        assert folded.public
        assert seen[-1].document == dump(folded.public)


def test_before_the_first_step_there_is_no_ticket_and_after_the_last_no_more() -> None:
    log = logged(opened())

    assert state_at(log, 0)["counts"]["events"] == 0
    for step in (2, -1):
        with pytest.raises(LookupError, match="no step"):
            state_at(log, step)


def test_a_step_names_its_event_in_a_line() -> None:
    (step,) = replay(logged(opened(occurred_at=at("09:02"))))

    assert step.position == 1
    assert step.event == {
        "position": 1,
        "public_seq": 1,
        "event_id": step.event["event_id"],
        "type": "ticket.opened",
        "occurred_at": "2026-11-02T09:02:00.000000Z",
        "recorded_at": "2026-11-02T09:02:00.000000Z",
        "late": False,
        "actor": f"contact/{JAN}",
        "company_id": ACME,
        "stream_id": f"ticket/{TICKET}",
        "visibility": "public",
        "department": "First line",
        "redacted": False,
        "text": line_of(opened(occurred_at=at("09:02"))),
    }


def test_what_an_agent_may_not_read_stays_a_step_but_its_text_is_in_no_state() -> None:
    log = logged(
        opened(),
        promised(what="A secret discount", visibility="restricted"),
        noted(note="The lawyers know", visibility="restricted"),
        resolved(root_cause="Sabotage", visibility="restricted"),
        on_ticket(TicketClosed, reason="Settled", visibility="restricted"),
    )

    steps = list(replay(log, AGENT))

    assert [step.event["redacted"] for step in steps] == [False, True, True, True, True]
    assert {step.event["text"] for step in steps[1:]} == {RESTRICTED}
    assert [step.event["actor"] for step in steps[1:]] == ["agent", "agent", "agent", "system"]
    assert [step.event["department"] for step in steps] == ["First line"] * 5
    shown = "".join(step.document.decode() + str(step.event) for step in steps)
    for secret in ("discount", "lawyers", "Sabotage", "Settled"):
        assert secret not in shown
    assert (steps[-1].state["status"], steps[-1].state["root_cause"]) == ("closed", RESTRICTED)


def test_a_customer_sees_public_steps_counted_without_holes_and_no_positions() -> None:
    log = logged(opened(), noted(), agent_replied(visibility="public"), consulted(), resolved())

    steps = list(replay(log, CUSTOMER))

    assert [step.event["type"] for step in steps] == [
        "ticket.opened", "ticket.agent_replied", "ticket.resolved",
    ]  # fmt: skip
    assert [(step.ordinal, step.position) for step in steps] == [(1, None), (2, None), (3, None)]
    assert [step.event["public_seq"] for step in steps] == [1, 2, 3]
    assert steps[-1].state["consultations"] == []


def test_a_moved_ticket_is_one_ticket_for_those_who_may_read_both_companies() -> None:
    log = moved()
    *_, last = replay(log)

    assert last.state["ticket_id"] == MOVED
    assert [s["id"] for s in last.state["steps"]] == ["S-2"]
    assert [s["id"] for s in last.whole["steps"]] == ["S-1", "S-2"]
    assert [(p["what"], p["state"]) for p in last.whole["promises"]] == [("Patch", "kept")]
    assert (last.whole["counts"]["events"], last.whole["counts"]["steps"]) == (7, 2)
    assert (last.whole["company_id"], last.whole["status"]) == ("borealis", "open")
    assert last.whole == whole(replayed_links(log))


def replayed_links(log: list[Logged]) -> list[dict[str, Any]]:
    """Fold each stream of a chain by itself."""
    streams = {e.event.stream_id: None for e in log}
    return [
        list(replay([e for e in log if e.event.stream_id == stream]))[-1].state
        for stream in streams
    ]


def test_of_the_other_company_of_a_moved_ticket_only_the_outline_is_told() -> None:
    steps = list(replay(moved(), everything(["borealis"])))

    assert len(steps) == 8
    assert [step.event["redacted"] for step in steps] == [True] * 5 + [False] * 3
    assert {step.event["company_id"] for step in steps[:5]} == {None}
    assert [step.state["status"] for step in steps[2:5]] == ["new", "open", "moved"]
    early = steps[4].state
    assert (early["status"], early["moved_to"], early["steps"]) == ("moved", MOVED, [])
    assert (early["company_id"], early["severity"], early["subject"]) == (None, None, None)
    shown = "".join(step.document.decode() + str(step.event) for step in steps)
    assert "Flush" not in shown
    assert ACME not in shown


def test_a_late_event_stands_where_it_happened_and_says_that_it_was_learned_later() -> None:
    log = Log()
    log.add(opened(occurred_at=at("09:00")), agent_replied(occurred_at=at("12:00")))
    log.add(customer_wrote(occurred_at=at("10:00")))

    steps = list(replay(in_fold_order(log.history)))

    assert [(s.ordinal, s.position, s.event["late"]) for s in steps] == [
        (1, 1, False), (2, 3, True), (3, 2, False),
    ]  # fmt: skip


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
    log = [e for e in every_event() if e.kind == "ticket" and e.type != "ticket.merged"]
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

    assert f"Promised: “{RESTRICTED}”, due 2026-11-03 17:00 UTC." in found.words
    assert "discount" not in str(found)
    assert "legal" not in str(found)
    assert difference(log, 1, 3, reader=CUSTOMER).positions == (None, None)


def test_redaction_takes_every_text_of_every_event() -> None:
    for event in every_event():
        bare = redact(event)

        assert bare.event_id == event.event_id
        assert type(bare.data) is type(event.data)
        assert redact(bare) == bare
    (call,) = (e for e in every_event() if e.type == "interaction.logged")
    assert redact(call).data.model_dump()["summary"] == RESTRICTED
    assert redact(call).data.model_dump()["participants"][0]["contact_id"] == JAN


def test_a_company_is_replayed_with_its_figures_after_every_step() -> None:
    log = logged(
        company_registered(),
        affiliated(contact_id=JAN),
        affiliated(contact_id=ANA),
        opened("T-1"),
        opened("T-2"),
        promised("T-1", commitment_id="P-1"),
        talked(occurred_at=at("11:00")),
        resolved("T-1"),
        on_ticket(CommitmentBroken, "T-1", commitment_id="P-1"),
        on_company(CompanyEscalationRaised),
        on_company(ContactAffiliationEnded, contact_id=ANA),
    )

    steps = list(company_replay(log))

    assert [step.state["contacts"] for step in steps] == [0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 1]
    assert steps[6].state["promises"] == {"open": 1, "kept": 0, "broken": 0}
    assert steps[6].state["last_contact"] == {
        "type": "interaction.logged",
        "at": "2026-11-02T11:00:00.000000Z",
        "actor": "agent/tom",
        "stream_id": "interaction/call-1",
    }
    last = steps[-1].state
    assert (last["name"], last["events"], last["escalations"]) == ("Acme Broadcast", 11, 1)
    assert {status: n for status, n in last["tickets"].items() if n} == {"new": 1, "resolved": 1}
    assert last["promises"] == {"open": 0, "kept": 0, "broken": 1}
    assert list(company_replay(log, start=9)) == steps[8:]
    assert steps[-1].whole == last


def test_a_company_out_of_reach_has_no_steps() -> None:
    log = logged(company_registered(), opened())

    assert list(company_replay(log, everything(["borealis"]))) == []
    assert company_difference(log, 0, 2, reader=everything(["borealis"])).changes == []


def test_a37_a_company_differs_between_two_years_by_its_figures() -> None:
    log = logged(
        company_registered(occurred_at=at("09:00", year=2020)),
        opened("T-1", occurred_at=at("09:00", year=2021)),
        resolved("T-1", occurred_at=at("10:00", year=2023)),
        opened("T-2", occurred_at=at("09:00", year=2023)),
    )

    found = company_difference(log, at("00:00", year=2022), at("00:00", year=2024))

    assert found.words == [
        "Events: 2 → 4.", "Tickets resolved: 0 → 1.",
    ]  # fmt: skip
    assert apply(found.changes, found.before) == found.after


@given(histories(("T-1", "T-2")))
def test_the_figures_of_a_company_are_those_of_its_tickets(log: list[Logged]) -> None:
    events = in_fold_order(log)
    streams = {e.event.stream_id for e in events}
    states = [
        list(replay([e for e in events if e.event.stream_id == stream]))[-1].state
        for stream in streams
    ]

    *_, last = company_replay(events)

    for status, number in last.state["tickets"].items():
        assert number == sum(state["status"] == status for state in states)
    assert last.state["promises"]["open"] == sum(
        promise["state"] == "open" for state in states for promise in state["promises"]
    )


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
