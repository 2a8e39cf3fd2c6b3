"""The tickets' rows: always the fold in the order of happening, and only what one may read."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.events import Logged
from domain.events.duties import (
    CommitmentKept,
)
from domain.events.ticket import (
    Assignee,
    TicketMovedAway,
    TicketPutOnHold,
    TicketReopened,
)
from domain.values import Reader, everything
from projections.database import Database, Row
from projections.projection import View
from projections.redaction import RESTRICTED
from projections.ticket_folding import Folded
from projections.ticket_state import dump
from projections.tickets import apply, of_company, state_of, tickets
from tests.events import (
    ACME,
    JAN,
    MIA,
    TICKET,
    Log,
    agent_replied,
    assigned,
    at,
    company_registered,
    consulted,
    customer_wrote,
    logged,
    noted,
    on_ticket,
    opened,
    promised,
    resolved,
    step_taken,
    talked,
)
from tests.histories import histories, history_of, in_fold_order, pages_of

AGENT: Final = Reader(frozenset(("public", "internal")))
AUDITOR: Final = everything()
CUSTOMER: Final = Reader(frozenset(("public",)), frozenset((ACME,)), public_only=True)

DATABASES: Final = ["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)]
generations = count(1)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/read.db"
    found = Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield found
    found.close()


@contextmanager
def fresh(database: Database, log: list[Logged]) -> Iterator[View]:
    """Create the tables anew, and drop them afterwards."""
    view = tickets.view(database, next(generations), history_of(log))
    view.create()
    yield view
    view.drop()


def rows_of(view: View) -> list[Row]:
    """Read all rows, in the order of streams."""
    return view.all("SELECT * FROM {states} ORDER BY stream")


def of(database: Database, log: list[Logged]) -> View:
    """Fold a whole log into new tables."""
    view = tickets.view(database, next(generations), history_of(log))
    view.create()
    apply(view, log)
    return view


def test_a_row_says_how_a_ticket_stands(database: Database) -> None:
    view = of(database, logged(opened(severity=1), assigned(), resolved()))

    state = state_of(view, AUDITOR, TICKET)

    assert state
    assert (state["status"], state["severity"], state["root_cause"]) == (
        "resolved", 1, "Codec leaked memory",
    )  # fmt: skip
    assert view.one("SELECT status, agent, team, last_position FROM {states}") == (
        "resolved", MIA, "Second line", 3,
    )  # fmt: skip


def test_a_page_that_goes_on_from_the_row_needs_no_history(database: Database) -> None:
    log = logged(opened(), customer_wrote(), agent_replied(), resolved())
    view = tickets.view(database, next(generations))
    view.create()

    apply(view, log[:2])
    apply(view, log[2:])

    assert rows_of(view) == rows_of(of(database, log))


def test_a_late_event_takes_its_place_among_the_others(database: Database) -> None:
    log = Log()
    log.add(opened(occurred_at=at("09:00")), agent_replied(occurred_at=at("12:00")))
    log.add(resolved(occurred_at=at("13:00")), agent_replied(occurred_at=at("10:00")))
    log.add(on_ticket(TicketReopened, occurred_at=at("12:30")))
    view = tickets.view(database, next(generations), history_of(log.history))
    view.create()

    for page in pages_of(log.history, [2, 1, 1]):
        apply(view, page)

    state = state_of(view, AUDITOR, TICKET)
    assert state
    assert state["first_reply_at"] == "2026-11-02T10:00:00.000000Z"
    assert (state["status"], state["counts"]["reopened"]) == ("resolved", 1)


def test_a_stream_is_read_again_once_for_each_page_with_late_events(database: Database) -> None:
    log = Log()
    log.add(opened(occurred_at=at("09:00")), agent_replied(occurred_at=at("12:00")))
    log.add(*(noted(occurred_at=at(f"10:{minute}")) for minute in range(10, 20)))
    history = history_of(log.history)
    view = tickets.view(database, next(generations), history)
    view.create()

    apply(view, log.history[:2])
    apply(view, log.history[2:])

    assert history.asked == [(f"ticket/{TICKET}", 12)]


def test_a_late_event_without_a_history_is_an_error_not_a_wrong_row(database: Database) -> None:
    log = logged(opened(occurred_at=at("12:00")), noted(occurred_at=at("10:00")))
    view = tickets.view(database, next(generations))
    view.create()
    apply(view, log[:1])

    with pytest.raises(RuntimeError, match="late event"):
        apply(view, log[1:])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(log=histories(("T-1", "T-2", "T-3")), sizes=st.lists(st.integers(1, 5), max_size=6))
@example(log=[], sizes=[])
def test_after_any_pages_a_row_is_the_fold_of_its_stream(
    database: Database, log: list[Logged], sizes: list[int]
) -> None:
    with fresh(database, log) as view:
        for page in pages_of(log, sizes):
            apply(view, page)

        rows = view.all("SELECT stream, doc, internal_doc, public_doc FROM {states}")
        with fresh(database, log) as again:
            apply(again, log)
            assert rows_of(again) == rows_of(view)

    streams = {e.event.stream_id for e in log}
    assert {row[0]: tuple(row[1:]) for row in rows} == {
        stream: documents([e for e in in_fold_order(log) if e.event.stream_id == stream])
        for stream in streams
    }


def documents(events: list[Logged]) -> tuple[bytes | None, ...]:
    """Fold one stream's events by themselves, as each kind of reader sees them."""
    folded = Folded()
    folded.take(events)
    states = (folded.full, folded.internal, folded.public)
    return tuple(dump(state) if state else None for state in states)


def test_open_tickets_come_first_by_severity_priority_and_age(database: Database) -> None:
    view = of(
        database,
        logged(
            opened("old", severity=2, priority=1, occurred_at=at("09:00")),
            opened("done", severity=1, occurred_at=at("09:01")),
            opened("young", severity=2, priority=1, occurred_at=at("09:30")),
            opened("urgent", severity=2, priority=None, occurred_at=at("09:10")),
            opened("worst", severity=1, occurred_at=at("10:00")),
            opened("vague", severity=None, occurred_at=at("08:00")),
            opened("gone", severity=1, occurred_at=at("08:30")),
            resolved("gone", occurred_at=at("11:00")),
            resolved("done", occurred_at=at("12:00")),
        ),
    )

    listed = of_company(view, AUDITOR, ACME)

    assert [ticket["ticket_id"] for ticket in listed] == [
        "worst", "old", "young", "urgent", "vague", "done", "gone",
    ]  # fmt: skip
    assert [t["ticket_id"] for t in of_company(view, AUDITOR, ACME, limit=2)] == ["worst", "old"]
    assert [t["ticket_id"] for t in of_company(view, AUDITOR, ACME, "resolved")] == ["done", "gone"]


def test_a15_every_ticket_of_a_company_is_there_for_any_team(database: Database) -> None:
    teams = {"T-1": "First line", "T-2": "Second line", "T-3": "Billing"}
    log = Log()
    for ticket, team in teams.items():
        log.add(opened(ticket), assigned(ticket, to=Assignee(team=team)))
    log.add(noted("T-2", note="Legal is involved", visibility="restricted"))
    view = of(database, log.history)

    listed = of_company(view, AGENT, ACME)

    assert {t["ticket_id"]: t["assignee"]["team"] for t in listed} == teams


def test_an_agent_reads_everything_but_restricted_text(database: Database) -> None:
    view = of(
        database,
        logged(
            opened(),
            step_taken(step_id="S-1", what="Ask legal", visibility="restricted"),
            step_taken(step_id="S-2", what="Flush the cache", visibility="internal"),
            promised(what="A discount", visibility="restricted"),
            on_ticket(CommitmentKept, commitment_id="P-1"),
        ),
    )

    agent, auditor = state_of(view, AGENT, TICKET), state_of(view, AUDITOR, TICKET)

    assert agent
    assert auditor
    assert [step["what"] for step in agent["steps"]] == [RESTRICTED, "Flush the cache"]
    assert [(p["what"], p["state"]) for p in agent["promises"]] == [(RESTRICTED, "kept")]
    assert [step["what"] for step in auditor["steps"]] == ["Ask legal", "Flush the cache"]
    assert "legal" not in str(agent)
    assert "discount" not in str(agent)


def test_for_a_customer_nothing_exists_that_is_not_public(database: Database) -> None:
    view = of(
        database,
        logged(
            opened(),
            assigned(),
            consulted(),
            noted(),
            agent_replied(visibility="public"),
            noted("internal-only"),
        ),
    )

    (ticket,) = of_company(view, CUSTOMER, ACME)
    state = state_of(view, CUSTOMER, TICKET)

    assert state
    assert (ticket["ticket_id"], ticket["status"]) == (TICKET, "open")
    assert (state["consultations"], state["assignee"]["agent"]) == ([], None)
    assert (state["counts"]["events"], state["counts"]["notes"]) == (2, 0)
    assert state_of(view, CUSTOMER, "internal-only") is None


def test_tickets_of_other_companies_do_not_exist_for_a_bound_reader(database: Database) -> None:
    view = of(database, logged(opened(), opened("B-1", company="borealis")))
    bound = everything(["borealis"])

    assert state_of(view, bound, TICKET) is None
    assert of_company(view, bound, ACME) == []
    assert [t["ticket_id"] for t in of_company(view, bound, "borealis")] == ["B-1"]
    assert state_of(view, AUDITOR, "nobody-knows") is None


def test_a_moved_ticket_has_a_row_at_each_company(database: Database) -> None:
    view = of(
        database,
        logged(
            opened(),
            on_ticket(TicketMovedAway, to_company="borealis"),
            opened(f"{TICKET}~2", company="borealis"),
        ),
    )

    (here,) = of_company(view, AUDITOR, ACME)
    (there,) = of_company(view, AUDITOR, "borealis")

    assert (here["status"], here["moved_to"]) == ("moved", f"{TICKET}~2")
    assert (there["ticket_id"], there["chain_id"]) == (f"{TICKET}~2", TICKET)


def test_events_that_are_no_tickets_leave_no_row(database: Database) -> None:
    view = of(database, logged(company_registered(), talked()))

    assert rows_of(view) == []


def test_who_waits_is_in_the_list(database: Database) -> None:
    view = of(database, logged(opened(), on_ticket(TicketPutOnHold, waiting_for="vendor")))

    (ticket,) = of_company(view, AUDITOR, ACME, "on_hold")

    assert (ticket["waiting_for"], ticket["requester_id"]) == ("vendor", JAN)


def test_a_page_of_many_streams_is_folded_in_chunks(database: Database) -> None:
    names = [f"T-{number}" for number in range(1200)]
    log = logged(*(opened(name) for name in names), *(agent_replied(name) for name in names))
    view = of(database, log[:1200])

    apply(view, log[1200:])

    listed: list[dict[str, Any]] = of_company(view, AUDITOR, ACME)
    assert {(t["status"], t["counts"]["events"]) for t in listed} == {("open", 2)}
    assert len(listed) == 1200
