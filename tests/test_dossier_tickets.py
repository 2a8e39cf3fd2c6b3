"""What a company's tickets tell its dossier: how they stand, what is owed, whose turn it is."""

from datetime import timedelta

import pytest

from domain.events import company as c
from domain.events.account import (
    CompanyEscalationUpdated,
)
from domain.events.continuing import Continues
from domain.events.duties import (
    CommitmentBroken,
    CommitmentKept,
    CommitmentWithdrawn,
    ConsultationAnswered,
)
from domain.events.ticket import (
    TicketMovedAway,
    TicketPutOnHold,
    TicketReopened,
    TicketResumed,
)
from projections import dossier
from projections.dossier.view import overdue
from tests.dossiers import AGENT, Kept, kept
from tests.events import (
    ACME,
    MONDAY,
    TICKET,
    at,
    consulted,
    on_company,
    on_ticket,
    opened,
    promised,
    resolved,
    step_taken,
)

__all__ = ["kept"]


def test_promises_are_open_kept_broken_withdrawn_or_broken_by_time(kept: Kept) -> None:
    kept.tell(opened())
    for n, end in enumerate((None, CommitmentKept, CommitmentBroken, CommitmentWithdrawn)):
        kept.tell(promised(commitment_id=f"P-{n}", due_at=at("17:00", day=3)))
        if end:
            kept.tell(on_ticket(end, commitment_id=f"P-{n}"))

    promises = kept.read()["company"]["promises"]

    (standing,) = promises["open"].values()
    assert standing["id"] == "P-0"
    assert promises["counts"] == {"kept": 1, "broken": 1, "withdrawn": 1}
    assert [e["id"] for e in promises["ended"]] == ["P-3", "P-2", "P-1"]
    assert [overdue(standing, at(clock, day=3)) for clock in ("16:59", "17:01")] == [False, True]


def test_a_promise_outlives_the_ticket_it_was_made_on(kept: Kept) -> None:
    kept.tell(opened(), promised(), resolved())

    assert list(kept.read()["company"]["promises"]["open"]) == [f"{TICKET}/P-1"]


def test_what_a_moved_ticket_owed_is_owed_where_it_went(kept: Kept) -> None:
    onward = f"{TICKET}~2"
    before = Continues(stream_id=f"ticket/{TICKET}", chain_id=TICKET, first_opened_at=MONDAY,
                       commitment_ids=("P-1",))  # fmt: skip
    kept.tell(
        opened(), promised(), on_ticket(TicketMovedAway, to_company="borealis"),
        opened(onward, company="borealis", continues=before),
    )  # fmt: skip

    here, there = (kept.read(company)["company"] for company in (ACME, "borealis"))
    assert (here["promises"]["open"], list(there["promises"]["open"])) == ({}, [f"{onward}/P-1"])

    kept.tell(on_ticket(CommitmentKept, onward, company="borealis"))
    assert kept.read("borealis")["company"]["promises"]["counts"] == {"kept": 1}


def test_a24_open_tickets_are_held_in_full_and_the_last_resolved_with_their_cause(
    kept: Kept,
) -> None:
    for n in range(14):
        name, day = f"T-{n:02}", at("09:00", day=n + 1)
        kept.tell(opened(name, severity=1 + n % 3, occurred_at=day))
        if n < 9:
            kept.tell(resolved(name, root_cause=f"cause {n}", occurred_at=day + timedelta(hours=1)))
    kept.tell(step_taken("T-10", occurred_at=at("10:00", day=20)))

    document = kept.read()

    assert sorted(document["open_tickets"]) == ["T-09", "T-10", "T-11", "T-12", "T-13"]
    assert document["open_tickets"]["T-10"]["state"]["steps"][0]["outcome"] == "failed"
    resolved_last = document["company"]["resolved"][:5]
    assert [(t["ticket_id"], t["root_cause"]) for t in resolved_last] == [
        (f"T-0{n}", f"cause {n}") for n in (8, 7, 6, 5, 4)
    ]
    assert document["company"]["tickets"] == {"new": 5, "resolved": 9}


def test_a_reopened_ticket_is_taken_up_where_it_ended_also_as_of_then(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.dossier.tables.EVERY", 4)
    kept.tell(opened(), step_taken(), resolved(), opened("T-2"), opened("T-3"))
    kept.tell(on_ticket(TicketReopened, occurred_at=at("12:00")))

    live, then = kept.read(), dossier.until(kept.view, AGENT, ACME, 2**60, 2**60)

    assert live["open_tickets"][TICKET]["state"]["steps"][0]["what"] == "Flush the cache"
    assert live["company"]["resolved"] == []
    assert then.document == kept.live(reader=AGENT)


def test_whose_turn_it_is_was_said_or_is_not_known(kept: Kept) -> None:
    def turn() -> tuple[str | None, str]:
        told = kept.read()["open_tickets"][TICKET]["turn"]
        return told["of"], told["since"][11:16]

    kept.tell(opened(occurred_at=at("09:00")))
    assert turn() == ("us", "09:00")
    kept.tell(on_ticket(TicketPutOnHold, waiting_for="customer", occurred_at=at("10:00")))
    assert turn() == ("customer", "10:00")
    kept.tell(on_ticket(TicketPutOnHold, waiting_for="unknown", occurred_at=at("11:00")))
    assert turn() == ("unknown", "11:00")
    kept.tell(on_ticket(TicketResumed, occurred_at=at("12:00")))
    assert turn() == ("us", "12:00")


def test_an_escalation_that_goes_on_names_how_it_began_and_the_last_of_its_course(
    kept: Kept,
) -> None:
    (raised,) = kept.tell(on_company(c.CompanyEscalationRaised))
    updates = kept.tell(
        *(on_company(CompanyEscalationUpdated, escalation_id="X-9") for _ in range(80))
    )

    (pressure,) = kept.read()["company"]["escalations"]["open"].values()

    named = [raised, *updates[-49:]]
    assert pressure["event_ids"] == [str(logged.event.event_id) for logged in named]


def test_a_question_to_a_department_is_open_until_it_is_answered(kept: Kept) -> None:
    kept.tell(opened(), consulted())
    assert len(kept.read()["company"]["consultations"]["open"]) == 1

    kept.tell(on_ticket(ConsultationAnswered))

    questions = kept.read()["company"]["consultations"]
    assert (questions["open"], questions["counts"]) == ({}, {"answered": 1})
    assert len(questions["ended"][0]["event_ids"]) == 2


def test_the_document_does_not_grow_with_the_tickets_that_are_done(kept: Kept) -> None:
    for n in range(700):
        name, day = f"T-{n}", MONDAY + timedelta(hours=n)
        kept.tell(opened(name, occurred_at=day), promised(name, occurred_at=day),
                  on_ticket(CommitmentKept, name, occurred_at=day),
                  resolved(name, occurred_at=day))  # fmt: skip
        if n == 99:
            size = len(kept.live())

    assert len(kept.live()) < 1.05 * size
    assert kept.read()["company"]["promises"]["counts"] == {"kept": 700}
