"""A company replayed: its figures after every step."""

from hypothesis import given

from domain.events import Logged
from domain.events.company import CompanyEscalationRaised, ContactAffiliationEnded
from domain.events.duties import (
    CommitmentBroken,
)
from domain.values import everything
from projections.replay import company_replay, replay
from tests.events import (
    ANA,
    JAN,
    affiliated,
    at,
    company_registered,
    logged,
    on_company,
    on_ticket,
    opened,
    promised,
    resolved,
    talked,
)
from tests.histories import histories, in_fold_order


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
    assert steps[6].state["promises"] == {"open": 1, "kept": 0, "broken": 0, "withdrawn": 0}
    assert steps[6].state["last_contact"] == {
        "type": "interaction.logged",
        "at": "2026-11-02T11:00:00.000000Z",
        "actor": "agent/tom",
        "stream_id": "interaction/call-1",
    }
    last = steps[-1].state
    assert (last["name"], last["events"], last["escalations"]) == ("Acme Broadcast", 11, 1)
    assert {status: n for status, n in last["tickets"].items() if n} == {"new": 1, "resolved": 1}
    assert last["promises"] == {"open": 0, "kept": 0, "broken": 1, "withdrawn": 0}
    assert list(company_replay(log, start=9)) == steps[8:]
    assert steps[-1].whole == last


def test_a_company_out_of_reach_has_no_steps() -> None:
    log = logged(company_registered(), opened())

    assert list(company_replay(log, everything(["borealis"]))) == []


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
