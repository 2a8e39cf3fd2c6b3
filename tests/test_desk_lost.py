"""Replies that are lost after the commit, connections that are cut, disks that are full."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import OperationalError
from eventsourcing.sqlite import SQLiteDatastore

from services.control import Control, Keyring
from services.desk import Desk, Unavailable
from services.desk import desk as desk_module
from services.receipts import Receipt
from tests.cutting import Cutter
from tests.publishing import TICKETS, prepare
from tests.reports import (
    TICKET,
    at,
    opened,
    registered,
    resolved,
    statuses,
    wrote,
)


@pytest.fixture
def at_acme(desk: Desk) -> Desk:
    """A desk that knows Acme and its ticket."""
    desk.record([registered(), opened()])
    return desk


def lose_replies(desk: Desk, *, times: int, after: bool = True) -> None:
    """Let the connection break *times* times, after the commit or before it."""
    insert: Callable[..., Any] = desk.recorder.insert_events
    left = [times]

    def insert_and_lose(events: Sequence[Any], **beside: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            return insert(events, **beside)
        if after:
            insert(events, **beside)
        raise OperationalError("the connection was lost")

    desk.recorder.insert_events = insert_and_lose  # type: ignore[method-assign,assignment]


@pytest.mark.parametrize("after", [True, False])
def test_a_lost_reply_is_no_failure(at_acme: Desk, *, after: bool) -> None:
    lose_replies(at_acme, times=1, after=after)

    (receipt,) = at_acme.record([wrote()])

    (row,) = at_acme.store.of_stream(f"ticket/{TICKET}", since=1)
    assert (receipt.status, receipt.position) == ("accepted", row.position)
    assert receipt.stream_version == row.stream_version == 2
    assert str(receipt.event_id).encode() in row.state


def test_a_lost_reply_to_a_batch_leaves_every_receipt_as_it_was(at_acme: Desk) -> None:
    old, said = wrote(), wrote(at=at("13:00"))
    at_acme.record([old])
    lose_replies(at_acme, times=1)

    receipts = at_acme.record([resolved(at=at("12:00")), said, said, old, opened()])

    assert statuses(receipts) == [
        "accepted", "accepted", "duplicate", "duplicate", "already-opened",
    ]  # fmt: skip
    assert (receipts[1].position, receipts[1].last_position) == (5, 6)
    assert at_acme.store.head() == 6


def test_a_lost_reply_to_all_or_nothing_is_all(at_acme: Desk) -> None:
    lose_replies(at_acme, times=1)

    receipts = at_acme.record([wrote(expected_version=1), wrote()], atomic=True)

    assert statuses(receipts) == ["accepted", "accepted"]


def test_what_the_store_never_takes_is_unavailable_and_may_be_repeated(
    at_acme: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "PATIENCE", 0.05)
    insert = at_acme.recorder.insert_events
    lose_replies(at_acme, times=1_000_000, after=False)
    said = wrote(expected_version=1)
    with pytest.raises(Unavailable):
        at_acme.record([said])

    at_acme.recorder.insert_events = insert  # type: ignore[method-assign]

    assert statuses(at_acme.record([said])) == ["accepted"]


def test_a_mistake_of_one_request_is_not_answered_for_by_others(at_acme: Desk) -> None:
    insert: Callable[..., Any] = at_acme.recorder.insert_events
    gate = threading.Event()

    def stumble(events: Sequence[Any], **beside: Any) -> Any:
        gate.wait()
        if any(b"stumble" in report.external_id.encode() for report in beside["placement"].reports):
            raise RuntimeError("a mistake of ours")
        return insert(events, **beside)

    at_acme.recorder.insert_events = stumble  # type: ignore[method-assign,assignment]
    became: dict[str, str] = {}

    def run(name: str) -> None:
        try:
            became[name] = at_acme.record([wrote(external_id=name)])[0].status
        except RuntimeError as error:
            became[name] = str(error)
        at_acme.store.close()

    threads = [threading.Thread(target=run, args=(name,)) for name in ("1", "2", "stumble", "4")]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    gate.set()
    for thread in threads:
        thread.join()

    assert became == {
        "1": "accepted",
        "2": "accepted",
        "stumble": "a mistake of ours",
        "4": "accepted",
    }


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_full_disk_is_unavailable_and_the_desk_recovers(desk: Desk) -> None:
    desk.record([registered(), opened()])
    datastore = desk.recorder.datastore  # type: ignore[attr-defined]
    limit_pages(datastore, 1)  # no page more than there are
    reports = [wrote(body="x" * 5_000) for _ in range(20)]

    with pytest.raises(Unavailable, match="full"):
        desk.record(reports)
    assert desk.store.head() == 2
    limit_pages(datastore, 1_000_000)

    assert statuses(desk.record(reports)) == ["accepted"] * 20


def limit_pages(datastore: SQLiteDatastore, pages: int) -> None:
    with datastore.transaction(commit=True) as cursor:
        cursor.execute(f"PRAGMA max_page_count={pages}")


@pytest.mark.broker
def test_a_hundred_replies_lost_after_the_commit_lose_and_double_nothing(
    postgres: str, control: Control, keyring: Keyring
) -> None:
    with Cutter(postgres) as cutter:
        desk = Desk(cutter.url, control, keyring)
        prepare(desk)
        insert: Callable[..., Any] = desk.recorder.insert_events

        def insert_and_lose(events: Sequence[Any], **beside: Any) -> Any:
            cutter.lose_the_next_reply()
            return insert(events, **beside)

        desk.recorder.insert_events = insert_and_lose  # type: ignore[method-assign,assignment]

        became = [desk.record([wrote(TICKETS[n % 5], body=f"{n}")])[0] for n in range(100)]

        assert cutter.lost == 100
        assert set(statuses(became)) == {"accepted"}
        rows = desk.store.after(6)
        assert [row.position for row in rows] == [receipt.position for receipt in became]
        desk.close()


@pytest.mark.broker
@pytest.mark.slow
def test_connections_that_are_cut_a_hundred_times_lose_and_double_nothing(
    postgres: str, control: Control, keyring: Keyring
) -> None:
    desk = Desk(postgres, control, keyring)
    prepare(desk)
    done = threading.Event()
    cuts = threading.Thread(target=cut_connections, args=(postgres, 100, done))
    cuts.start()

    became: list[Receipt] = []
    while not done.is_set():
        became += desk.record([wrote(TICKETS[len(became) % 5])])
    cuts.join()

    assert set(statuses(became)) == {"accepted"}
    rows = desk.store.after(6, 1_000_000)
    assert [row.position for row in rows] == [receipt.position for receipt in became]
    desk.close()


def cut_connections(url: str, times: int, done: threading.Event) -> None:
    """End every session but one's own, at random moments."""
    with psycopg.connect(url, autocommit=True) as own:
        for _ in range(times):
            time.sleep(random.uniform(0.01, 0.05))
            own.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    done.set()
