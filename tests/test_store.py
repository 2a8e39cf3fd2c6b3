"""The event store keeps one contract on both databases."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from eventsourcing.persistence import ApplicationRecorder

from projections.database import Database
from services.store import Conflict, Log
from tests.storing import append, factory_of


@pytest.fixture
def recorder(store_url: str) -> Iterator[ApplicationRecorder]:
    """What appends to an empty store."""
    factory = factory_of(store_url)
    yield factory.application_recorder()
    factory.close()


@pytest.fixture
def log(recorder: ApplicationRecorder, store_url: str) -> Iterator[Log]:
    """What reads it."""
    log = Log(store_url)
    yield log
    log.close()


def test_positions_follow_the_order_of_the_events(recorder: ApplicationRecorder, log: Log) -> None:
    events = [(f"ticket/{n}", 1) for n in (5, 3, 9, 1, 7)]

    first = append(recorder, *events)
    second = append(recorder, ("ticket/3", 2))

    assert (first, second) == ([1, 2, 3, 4, 5], [6])
    assert [(row.stream_id, row.stream_version) for row in log.after(0)] == [
        *events,
        ("ticket/3", 2),
    ]


def test_what_the_library_reads_is_what_we_appended(recorder: ApplicationRecorder) -> None:
    append(recorder, ("ticket/1", 1), ("ticket/1", 2), ("ticket/2", 1))

    stream = recorder.select_events("ticket/1")
    page = recorder.select_notifications(2, 10)

    assert [event.originator_version for event in stream] == [1, 2]
    assert [(n.id, n.originator_id, n.state) for n in page] == [
        (2, "ticket/1", b"{}"),
        (3, "ticket/2", b"{}"),
    ]
    assert recorder.max_notification_id() == 3


def test_two_cannot_write_one_version_and_the_loser_leaves_nothing(
    recorder: ApplicationRecorder, log: Log
) -> None:
    append(recorder, ("ticket/1", 1))

    with pytest.raises(Conflict):
        append(recorder, ("ticket/2", 1), ("ticket/1", 1), names=("a",))

    assert log.head() == 1
    assert log.reports([("crm", "a")]) == {}
    assert append(recorder, ("ticket/2", 1), names=("a",)) == [2]


def test_a_report_has_one_row_and_the_second_leaves_nothing(
    recorder: ApplicationRecorder, log: Log
) -> None:
    append(recorder, ("ticket/1", 1), ("ticket/1", 2), names=("a", "b"))

    with pytest.raises(Conflict):
        append(recorder, ("ticket/2", 1), names=("b",))

    assert log.head() == 2
    found = log.reports([("crm", "a"), ("crm", "b"), ("crm", "c"), ("mail", "a")])
    assert {key: (row.stream_version, row.position) for key, row in found.items()} == {
        ("crm", "a"): (1, 1),
        ("crm", "b"): (2, 2),
    }


def test_no_two_events_have_one_place_in_a_company(
    recorder: ApplicationRecorder, store_url: str
) -> None:
    append(recorder, ("ticket/1", 1), ("ticket/1", 2))
    database = Database(store_url)

    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation)):
        database.execute("UPDATE stored_events SET company_seq = 1 WHERE originator_version = 2")

    database.close()


def test_an_external_id_leads_to_one_stream_for_ever(
    recorder: ApplicationRecorder, log: Log
) -> None:
    append(recorder, ("company/acme", 1), externals=[(b"crm=1", "company/acme")])

    with pytest.raises(Conflict):
        append(recorder, ("company/twin", 1), externals=[(b"crm=1", "company/twin")])
    append(recorder, ("company/acme", 2), externals=[(b"crm=1", "company/acme")])

    assert log.handles([b"crm=1", b"crm=2"]) == {b"crm=1": "company/acme"}
    assert log.head() == 2


def test_the_first_to_use_an_address_keeps_it_and_the_last_affiliation_counts(
    recorder: ApplicationRecorder, log: Log
) -> None:
    append(
        recorder,
        ("contact/a", 1),
        handles=[(b"mail", "contact/a"), (b"mail", "contact/b")],
        affiliations=[(b"a", "company/x"), (b"a", "company/y")],
    )
    append(
        recorder,
        ("contact/b", 1),
        handles=[(b"mail", "contact/b")],
        affiliations=[(b"a", "company/z")],
    )

    assert log.handles([b"mail", b"a"]) == {b"mail": "contact/a", b"a": "company/z"}


def test_what_belongs_to_no_company_is_not_counted(recorder: ApplicationRecorder, log: Log) -> None:
    append(recorder, ("contact/jan", 1), ("contact/jan", 2), company=None)

    assert [(row.company_seq, row.public_seq, row.late) for row in log.after(0)] == [
        (None, None, 0)
    ] * 2


def test_a_page_ends_where_it_is_told_to(recorder: ApplicationRecorder, log: Log) -> None:
    append(recorder, *((f"ticket/{n}", 1) for n in range(5)))
    append(recorder, *((f"ticket/{n}", 2) for n in range(5)), company="borealis")

    assert [row.position for row in log.after(3, 4)] == [4, 5, 6, 7]
    assert [row.company_seq for row in log.of_company("borealis", 2, 2)] == [3, 4]
    assert [row.position for row in log.all_of_company("borealis", 8)] == [6, 7, 8]
    assert [row.position for row in log.of_stream("ticket/3")] == [4, 9]
    assert [row.position for row in log.of_stream("ticket/3", upto=8)] == [4]
    assert [row.position for row in log.of_stream("ticket/3", since=1)] == [9]
    streams = log.of_streams(["ticket/0", "ticket/4", "ticket/9"])
    assert {name: [row.position for row in rows] for name, rows in streams.items()} == {
        "ticket/0": [1, 6],
        "ticket/4": [5, 10],
    }
    assert log.count_between(3, 6) == 3
    assert (log.company_head("acme"), log.company_head("nobody")) == (5, 0)
    assert (log.stream_exists("ticket/3"), log.stream_exists("ticket/7")) == (True, False)


def test_many_that_start_at_once_make_the_tables_once(store_url: str) -> None:
    def start(number: int) -> list[int]:
        factory = factory_of(store_url)
        appended = append(factory.application_recorder(), (f"ticket/{number}", 1))
        factory.close()
        return appended

    with ThreadPoolExecutor(8) as threads:
        positions = list(threads.map(start, range(8)))

    assert sorted(positions) == [[n] for n in range(1, 9)]
