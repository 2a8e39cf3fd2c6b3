"""Sequences are dense, clocks never fall, and what comes late is marked, not misplaced."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from domain.values import micros, moment
from services.desk import Desk
from services.store import Row
from tests.conftest import Clock, OpenDesk
from tests.reports import (
    ACME,
    MONDAY,
    TICKET,
    at,
    closed,
    noted,
    opened,
    registered,
    replied,
    resolved,
    statuses,
    wrote,
)


@pytest.fixture
def at_acme(desk: Desk) -> Desk:
    """A desk that knows Acme and its ticket."""
    desk.record([registered(), opened()])
    return desk


def types(desk: Desk, ticket: str = TICKET) -> list[str]:
    return [row.type.removeprefix("ticket.") for row in desk.store.of_stream(f"ticket/{ticket}")]


def must_be_dense(rows: list[Row]) -> None:
    """Check the sequences of one company."""
    assert [row.company_seq for row in rows] == list(range(1, len(rows) + 1))
    public = [row.public_seq for row in rows if row.public_seq is not None]
    assert public == list(range(1, len(public) + 1))


def test_each_company_is_counted_by_itself_and_its_public_events_once_more(desk: Desk) -> None:
    desk.record([registered(), registered("borealis"), opened(), opened("B-1", "borealis")])
    desk.record([noted(), wrote("B-1"), wrote(), noted("B-1"), noted(), replied()])
    desk.record([replied("B-1")])

    for company, events in ((ACME, 6), ("borealis", 5)):
        rows = desk.store.of_company(company)
        assert len(rows) == events
        must_be_dense(rows)
        assert all((row.public_seq is None) == (b'"internal"' in row.state) for row in rows)
    assert desk.store.company_head(ACME) == 6


@pytest.mark.parametrize("size", [1, 7, 100])
def test_sequences_stay_dense_over_batches_with_refusals(desk: Desk, size: int) -> None:
    choose = random.Random(size)
    companies = ["acme", "borealis", "corvus"]
    desk.record([registered(company) for company in companies])
    desk.record([opened(f"T-{n}", companies[n % 3]) for n in range(9)])
    reports = [
        choose.choice((wrote, noted, opened, replied))(f"T-{choose.randrange(12)}")
        for _ in range(200)
    ]

    for start in range(0, len(reports), size):
        desk.record(reports[start : start + size])

    for company in companies:
        must_be_dense(desk.store.of_company(company))
    rows = desk.store.after(0, 1_000)
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))


def test_the_commits_clock_never_falls_when_the_machines_does(
    at_acme: Desk, clock: Clock, open_desk: OpenDesk
) -> None:
    for hours in (1, -1, -1, 1, -1, 1, 1, -1):
        clock.move(hours=hours)
        at_acme.record([wrote()])
        open_desk().record([replied()])

    rows = at_acme.store.after(0)
    assert all(a.committed_at <= b.committed_at for a, b in pairwise(rows))
    must_be_dense(at_acme.store.of_company(ACME))
    assert rows[-1].committed_at == micros(clock.now + timedelta(hours=1))


def test_the_position_at_a_time_is_the_last_one_committed_by_then(
    at_acme: Desk, clock: Clock
) -> None:
    start = micros(clock.now)
    clock.move(minutes=1)
    at_acme.record([wrote(), replied()])
    clock.move(minutes=1)
    at_acme.record([wrote()])

    minute = 60_000_000
    known = [at_acme.store.position_at(start + n * minute) for n in (-1, 0, 1, 2, 9)]
    assert known == [0, 2, 4, 5, 5]


def test_an_event_is_late_by_more_than_a_minute_within_its_company(at_acme: Desk) -> None:
    noon = at("12:00", day=4)
    at_acme.record([registered("borealis", at=MONDAY), opened("B-1", "borealis")])

    at_acme.record([wrote(at=noon), wrote(at=noon - timedelta(seconds=60))])
    at_acme.record([wrote(at=noon - timedelta(seconds=61)), wrote("B-1", at=at("09:03"))])

    assert [row.late for row in at_acme.store.after(4)] == [0, 0, 1, 0]


def test_within_one_commit_an_event_is_late_after_a_newer_one(at_acme: Desk) -> None:
    at_acme.record([wrote(at=at("12:00")), wrote(at=at("11:00")), wrote(at=at("12:01"))])

    assert [row.late for row in at_acme.store.after(2)] == [0, 1, 0]


def test_the_first_event_of_a_company_is_never_late_however_old(desk: Desk) -> None:
    desk.record([registered(at=at("09:00", year=1962))])

    assert [row.late for row in desk.store.after(0)] == [0]


def test_more_than_five_minutes_ahead_of_our_clock_is_refused(at_acme: Desk, clock: Clock) -> None:
    receipts = at_acme.record(
        [
            wrote(at=clock.now + timedelta(minutes=5)),
            wrote(at=clock.now + timedelta(minutes=5, microseconds=1)),
        ]
    )

    assert statuses(receipts) == ["accepted", "too-far-ahead"]


def test_a_report_too_far_ahead_is_taken_when_its_time_has_come(
    at_acme: Desk, clock: Clock
) -> None:
    early = wrote(at=clock.now + timedelta(minutes=6))
    assert statuses(at_acme.record([early])) == ["too-far-ahead"]

    clock.move(minutes=1)

    assert statuses(at_acme.record([early])) == ["accepted"]


@pytest.mark.parametrize("done", [resolved, closed])
def test_a_customers_message_reopens_what_is_done(at_acme: Desk, done: object) -> None:
    assert callable(done)
    at_acme.record([done(at=at("12:00"))])

    (receipt,) = at_acme.record([wrote(at=at("13:00"))])

    assert types(at_acme)[-2:] == ["customer_message_received", "reopened"]
    assert (receipt.position, receipt.last_position) == (4, 5)
    reopening = at_acme.store.at(5)
    assert reopening is not None
    assert str(receipt.event_id).encode() in reopening.state  # its cause
    assert b'"occurred_at":"2026-11-02T13:00:00.000000Z"' in reopening.state


def test_a_repeat_of_what_recorded_two_events_names_both(at_acme: Desk) -> None:
    at_acme.record([resolved(at=at("12:00"))])
    said = wrote(at=at("13:00"))
    (first,) = at_acme.record([said])

    (again,) = at_acme.record([said])

    assert (again.position, again.last_position) == (first.position, first.last_position)


def test_neither_imported_nor_older_messages_reopen(at_acme: Desk) -> None:
    at_acme.record([resolved(at=at("12:00"))])

    at_acme.record([wrote(at=at("13:00"), imported=True), wrote(at=at("11:00"))])

    assert "reopened" not in types(at_acme)


def test_a_message_reopens_only_once_within_a_batch(at_acme: Desk) -> None:
    at_acme.record([resolved(at=at("12:00")), wrote(at=at("13:00")), wrote(at=at("13:01"))])

    assert types(at_acme).count("reopened") == 1


def test_a_resolution_that_comes_late_does_not_close_what_was_reopened_since(
    at_acme: Desk,
) -> None:
    at_acme.record([resolved(at=at("12:00")), wrote(at=at("14:00")), closed(at=at("13:00"))])

    at_acme.record([wrote(at=at("15:00"))])

    assert types(at_acme).count("reopened") == 1


def test_recorded_times_have_six_digits(at_acme: Desk, clock: Clock) -> None:
    at_acme.record([wrote(at=moment(micros(MONDAY)))])

    (row,) = at_acme.store.after(2)
    assert b'"occurred_at":"2026-11-02T09:02:00.000000Z"' in row.state
    assert f'"recorded_at":"{clock.now:%Y-%m-%dT%H:%M:%S}.000000Z"'.encode() in row.state
