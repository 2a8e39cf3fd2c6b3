"""Replay: every step with the state it left, as far as the reader may see."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Event, Logged, Recorded
from domain.events.continuing import Continues, Counts
from domain.events.duties import (
    CommitmentKept,
)
from domain.events.ticket import (
    Assignee,
    TicketClosed,
    TicketMovedAway,
)
from domain.values import Reader, everything
from projections.database import Database
from projections.lines import line_of
from projections.redaction import RESTRICTED, redact
from projections.replay import replay, state_at, whole
from projections.ticket_folding import Folded
from projections.ticket_state import dump
from projections.tickets import apply as fold_page
from projections.tickets import tickets
from tests.events import (
    ACME,
    JAN,
    MONDAY,
    TICKET,
    Log,
    agent_replied,
    assigned,
    at,
    consulted,
    customer_wrote,
    every_event,
    logged,
    noted,
    on_ticket,
    opened,
    promised,
    resolved,
    step_taken,
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


def test_redaction_takes_every_text_of_every_event() -> None:
    for event in every_event():
        bare = redact(event)

        assert bare.event_id == event.event_id
        assert type(bare.data) is type(event.data)
        assert redact(bare) == bare
    (call,) = (e for e in every_event() if e.type == "interaction.logged")
    assert redact(call).data.model_dump()["summary"] == RESTRICTED
    assert redact(call).data.model_dump()["participants"][0]["contact_id"] == JAN
