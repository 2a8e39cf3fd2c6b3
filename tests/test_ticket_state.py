"""One ticket as it stands: what each event does to it, and the laws of the fold."""

from collections.abc import Iterable
from typing import Any, cast

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import AnyTicketEvent, Event, Recorded
from domain.events.continuing import Continues, Counts
from domain.events.duties import (
    CommitmentBroken,
    CommitmentKept,
    ConsultationAnswered,
    FactRequested,
    MilestoneBreached,
    MilestoneStarted,
    TicketEscalationRaised,
    TicketEscalationResolved,
)
from domain.events.ticket import (
    Assignee,
    ReporterJoined,
    TicketClosed,
    TicketMergeReverted,
    TicketMovedAway,
    TicketPutOnHold,
    TicketReopened,
    TicketResumed,
    TicketsMerged,
    TicketUpdated,
)
from projections.ticket_record import BLANKS
from projections.ticket_state import TicketState, dump, evolve, load
from tests.events import (
    ACME,
    ANA,
    EXAMPLES,
    JAN,
    MIA,
    TICKET,
    agent_replied,
    assigned,
    at,
    classified,
    consulted,
    customer_wrote,
    noted,
    on_ticket,
    opened,
    promised,
    recorded,
    resolved,
    step_taken,
)
from tests.histories import histories, in_fold_order


def after(*events: Recorded[Any]) -> TicketState:
    """Fold *events* as they are given."""
    return folded(TicketState(), events)


def folded(state: TicketState, events: Iterable[Recorded[Any]]) -> TicketState:
    for event in events:
        evolve(state, cast("Recorded[AnyTicketEvent]", event))
    return state


def test_a_ticket_is_new_until_somebody_takes_it_or_answers() -> None:
    assert after(opened()).status == "new"
    assert after(opened(), customer_wrote(), noted(), classified()).status == "new"
    assert after(opened(), on_ticket(TicketUpdated)).status == "new"

    assert after(opened(), assigned()).status == "open"
    assert after(opened(), agent_replied()).status == "open"


def test_the_opening_says_what_nothing_else_has_said() -> None:
    state = after(classified(severity=3), opened(severity=1, channel="phone"))

    assert (state.severity, state.channel, state.number) == (3, "phone", TICKET)


def test_an_opening_that_comes_last_does_not_undo_what_came_of_it() -> None:
    state = after(assigned(), resolved(), opened(occurred_at=at("12:00")))

    assert state.status == "resolved"
    assert state.opened_at == "2026-11-02T12:00:00.000000Z"


def test_a_held_ticket_says_for_whom_it_waits_until_it_goes_on() -> None:
    held = after(opened(), on_ticket(TicketPutOnHold, waiting_for="vendor", until=at("09:00", 5)))
    resumed = folded(load(dump(held)), [on_ticket(TicketResumed)])

    assert (held.status, held.waiting_for) == ("on_hold", "vendor")
    assert held.waiting_until == "2026-11-05T09:00:00.000000Z"
    assert (resumed.status, resumed.waiting_for, resumed.waiting_until) == ("open", None, None)
    assert resumed.counts["holds"] == 1


def test_only_a_reopening_reopens() -> None:
    done = [opened(), agent_replied(), resolved(root_cause="Codec leaked memory")]
    state = after(*done, customer_wrote(), assigned(), agent_replied(), noted())
    held = after(*done, on_ticket(TicketPutOnHold), on_ticket(TicketResumed))
    again = after(*done, customer_wrote(), on_ticket(TicketReopened))

    assert (state.status, state.root_cause) == ("resolved", "Codec leaked memory")
    assert held.status == "resolved"
    assert (again.status, again.root_cause, again.resolved_at) == ("open", None, None)
    assert again.counts["reopened"] == 1


def test_a_closed_ticket_keeps_why_it_was_resolved() -> None:
    state = after(
        opened(),
        resolved(resolution_code="fixed", occurred_at=at("10:00")),
        on_ticket(TicketClosed, resolution_code=None, occurred_at=at("11:00")),
    )

    assert (state.status, state.resolution_code) == ("closed", "fixed")
    assert (state.resolved_at, state.closed_at) == (
        "2026-11-02T10:00:00.000000Z",
        "2026-11-02T11:00:00.000000Z",
    )


def test_handing_over_counts_but_the_first_taking_does_not() -> None:
    queue, mia, tom = (
        assigned(to=Assignee(team="Second line")),
        assigned(to=Assignee(team="Second line", agent="mia")),
        assigned(to=Assignee(team="Second line", agent="tom")),
    )

    assert after(opened(), queue, mia).counts["reassigned"] == 0
    assert after(opened(), queue, mia, tom, mia).counts["reassigned"] == 2
    assert after(opened(), mia, mia).counts["reassigned"] == 0


def test_conversation_is_counted_and_the_first_reply_is_kept() -> None:
    state = after(
        opened(),
        customer_wrote(occurred_at=at("09:10")),
        agent_replied(occurred_at=at("09:40")),
        agent_replied(occurred_at=at("10:40")),
        noted(),
    )

    assert state.first_reply_at == "2026-11-02T09:40:00.000000Z"
    assert state.last_reply_at == "2026-11-02T10:40:00.000000Z"
    assert state.last_customer_message_at == "2026-11-02T09:10:00.000000Z"
    assert state.counts == {
        "events": 5, "customer_messages": 1, "agent_replies": 2, "notes": 1, "steps": 0,
        "reopened": 0, "reassigned": 0, "holds": 0,
    }  # fmt: skip


def test_steps_keep_their_order_author_and_outcome() -> None:
    flush = step_taken(step_id="S-1", what="Flush the cache", outcome="failed")
    state = after(
        opened(),
        flush,
        step_taken(step_id="S-2", what="Roll the codec back", outcome="unknown"),
        step_taken(step_id="S-2", what="Roll the codec back", outcome="worked"),
    )

    assert [(step["id"], step["outcome"], step["by"]) for step in state.steps] == [
        ("S-1", "failed", f"agent/{MIA}"),
        ("S-2", "worked", f"agent/{MIA}"),
    ]
    assert state.steps[0]["event_id"] == str(flush.event_id)
    assert state.counts["steps"] == 3


def test_a_promise_is_open_until_it_is_kept_or_broken() -> None:
    state = after(
        opened(),
        promised(commitment_id="P-1", what="Patch", due_at=at("17:00", 3)),
        promised(commitment_id="P-2", what="Call back"),
        promised(commitment_id="P-3", what="Send a drawing"),
        on_ticket(CommitmentBroken, commitment_id="P-1", occurred_at=at("17:01", 3)),
        on_ticket(CommitmentKept, commitment_id="P-2"),
    )

    assert [(p["id"], p["state"]) for p in state.promises] == [
        ("P-1", "broken"), ("P-2", "kept"), ("P-3", "open"),
    ]  # fmt: skip
    assert len(state.promises[0].pop("event_ids")) == 2
    assert state.promises[0] == {
        "id": "P-1", "what": "Patch", "to": JAN, "by": "agent/tom",
        "made_at": "2026-11-02T09:02:00.000000Z", "due_at": "2026-11-03T17:00:00.000000Z",
        "state": "broken", "ended_at": "2026-11-03T17:01:00.000000Z", "reason": None,
    }  # fmt: skip


def test_a_promise_told_after_its_end_is_not_open_again() -> None:
    state = after(on_ticket(CommitmentKept, commitment_id="P-1"), promised(commitment_id="P-1"))

    assert [(p["state"], p["what"]) for p in state.promises] == [("kept", "Patch for the codec")]


def test_what_was_asked_of_the_customer_is_listed_once_with_how_often() -> None:
    ask = on_ticket(FactRequested, fact_key="log_files")

    state = after(opened(), ask, ask, on_ticket(FactRequested, fact_key="os_version"))

    assert [(fact["id"], fact["times"]) for fact in state.facts_asked] == [
        ("log_files", 2), ("os_version", 1),
    ]  # fmt: skip


def test_consultations_escalations_and_clocks_say_how_they_ended() -> None:
    state = after(
        opened(),
        consulted(consultation_id="Q-1"),
        on_ticket(ConsultationAnswered, consultation_id="Q-1", answer="Fixed in 7.2.1."),
        consulted(consultation_id="Q-2"),
        on_ticket(TicketEscalationRaised, escalation_id="X-1"),
        on_ticket(TicketEscalationResolved, escalation_id="X-1", outcome="Engineer on site"),
        on_ticket(MilestoneStarted, milestone="resolution", due_at=at("13:02")),
        on_ticket(MilestoneBreached, milestone="resolution", due_at=None),
    )

    assert [(q["state"], q["answer"]) for q in state.consultations] == [
        ("answered", "Fixed in 7.2.1."), ("asked", None),
    ]  # fmt: skip
    assert [(x["state"], x["outcome"]) for x in state.escalations] == [
        ("resolved", "Engineer on site")
    ]
    assert [(m["id"], m["state"], m["due_at"]) for m in state.milestones] == [
        ("resolution", "breached", "2026-11-02T13:02:00.000000Z")
    ]


def test_a_second_person_joins_once() -> None:
    joined = on_ticket(ReporterJoined, contact_id=ANA)

    state = after(opened(requester_id=JAN), joined, joined)

    assert (state.requester_id, state.reporters) == (JAN, [ANA])


def test_a_merge_that_is_reverted_leaves_the_ticket_as_it_would_have_been() -> None:
    merged = on_ticket(TicketsMerged, kept_id="TCK-1100")
    history = [opened(), assigned(), merged, resolved()]
    reverted = on_ticket(TicketMergeReverted, merge_event_id=merged.event_id)

    absorbed, again = after(*history), after(*history, reverted)

    assert (absorbed.status, absorbed.merged_into) == ("merged", "TCK-1100")
    assert (again.status, again.merged_into) == ("resolved", None)


def test_a_ticket_that_moved_away_says_where_it_went() -> None:
    state = after(opened(), assigned(), on_ticket(TicketMovedAway))

    assert (state.status, state.stage, state.moved_to) == ("moved", "open", "TCK-1182~2")


def test_a_continued_ticket_counts_what_its_chain_has_seen() -> None:
    continues = Continues(
        stream_id="ticket/TCK-1182",
        chain_id=TICKET,
        first_opened_at=at("09:02"),
        counts=Counts(events=12, customer_messages=4, agent_replies=3, reopened=1),
    )

    state = after(
        opened("TCK-1182~2", company="borealis", occurred_at=at("14:00"), continues=continues),
        agent_replied("TCK-1182~2", company="borealis"),
    )

    assert (state.ticket_id, state.chain_id, state.company_id) == (
        "TCK-1182~2", TICKET, "borealis",
    )  # fmt: skip
    assert (state.continues, state.status) == (TICKET, "open")
    assert state.opened_at == "2026-11-02T09:02:00.000000Z"
    assert (state.counts["events"], state.counts["agent_replies"]) == (14, 4)


def test_fields_of_the_source_keep_their_last_values() -> None:
    change = EXAMPLES["ticket.updated"]

    state = after(opened(), recorded(change, f"ticket/{TICKET}"))

    assert state.fields == {"Urgency": "High"}
    assert state.company_id == ACME


@pytest.mark.parametrize(
    "event", [e for e in EXAMPLES.values() if e.stream_kind() == "ticket"], ids=lambda e: e.TYPE
)
def test_every_event_of_a_ticket_can_come_first(event: Event) -> None:
    state = after(recorded(event, f"ticket/{TICKET}"))

    assert state.counts["events"] == 1
    assert load(dump(state)) == state


def test_a_written_state_is_read_back_with_entries_that_go_on() -> None:
    state = load(dump(after(opened(), promised(commitment_id="P-1"))))

    folded(state, [on_ticket(CommitmentKept, commitment_id="P-1")])

    assert [p["state"] for p in state.promises] == ["kept"]


def test_the_document_of_a_state_is_plain_json_without_the_index() -> None:
    document = orjson.loads(dump(after(opened(), step_taken())))

    assert document["ticket_id"] == TICKET
    assert not [name for name in document if name.startswith("_")]
    assert set(document["steps"][0]) == {"id", "event_ids", *BLANKS["steps"]}


def test_twelve_thousand_entries_leave_a_small_state() -> None:
    exchange = [customer_wrote(), agent_replied(), noted()]

    state = after(opened(), *exchange * 4000)

    assert state.counts["events"] == 12_001
    assert len(dump(state)) < 2_000


@given(histories())
def test_a_state_can_be_written_and_read_back_at_any_point(log: list[Any]) -> None:
    state = TicketState()
    for logged in log:
        evolve(state, logged.event)
        document = dump(state)
        assert load(document) == state
        assert dump(load(document)) == document


@given(histories(), st.integers(0, 14))
def test_a_prefix_and_the_rest_make_the_whole(log: list[Any], cut: int) -> None:
    events = [logged.event for logged in in_fold_order(log)]

    prefix = load(dump(after(*events[:cut])))

    assert dump(folded(prefix, events[cut:])) == dump(after(*events))


@given(histories().flatmap(st.permutations))
def test_no_order_of_events_is_refused(log: list[Any]) -> None:
    state = after(*(logged.event for logged in log))

    assert state.counts["events"] >= len(log)
    assert (state.status == "moved") == (state.moved_to is not None)
    assert (state.stage == "closed") == (state.closed_at is not None)
