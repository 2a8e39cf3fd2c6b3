"""Whoever races whom, threads or processes: none lost, none double, one order."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from services.desk import Desk
from services.receipts import Receipt
from services.store import Row
from services.wire import Report
from tests.conftest import OpenDesk
from tests.publishing import TICKETS, prepare, publish
from tests.reports import (
    ACME,
    TICKET,
    moved,
    opened,
    registered,
    statuses,
    wrote,
)

RACERS = 8


@pytest.fixture
def desks(open_desk: OpenDesk) -> list[Desk]:
    """Eight desks over one store that knows Acme and its ticket."""
    desks = [open_desk() for _ in range(RACERS)]
    desks[0].record([registered(), opened()])
    return desks


def race(desks: list[Desk], report_of: Callable[[int], Report]) -> list[Receipt]:
    """Let each desk record its report at the same moment."""
    start = threading.Barrier(len(desks))

    def run(number: int) -> Receipt:
        start.wait()
        (receipt,) = desks[number].record([report_of(number)])
        desks[number].store.close()
        return receipt

    with ThreadPoolExecutor(len(desks)) as threads:
        return list(threads.map(run, range(len(desks))))


def must_be_whole(rows: list[Row], company: str = ACME) -> None:
    """Check that positions, a company's sequence and versions of streams have no hole."""
    ours = [row for row in rows if row.company_id == company]
    assert [row.company_seq for row in ours] == list(range(1, len(ours) + 1))
    for stream in {row.stream_id for row in rows}:
        versions = [row.stream_version for row in rows if row.stream_id == stream]
        assert versions == list(range(1, len(versions) + 1))


def test_of_eight_with_the_same_report_one_is_accepted(desks: list[Desk]) -> None:
    said = wrote()

    receipts = race(desks, lambda _: said)

    assert sorted(statuses(receipts)) == ["accepted"] + ["duplicate"] * (RACERS - 1)
    assert {receipt.position for receipt in receipts} == {3}
    assert desks[0].store.head() == 3


def test_of_eight_with_the_same_expected_version_one_wins(desks: list[Desk]) -> None:
    receipts = race(desks, lambda _: wrote(expected_version=1))

    assert sorted(statuses(receipts)) == ["accepted"] + ["wrong-version"] * (RACERS - 1)
    assert {receipt.current_version for receipt in receipts} == {None, 2}


def test_without_an_expected_version_nobody_loses(desks: list[Desk]) -> None:
    receipts = race(desks, lambda _: wrote())

    assert statuses(receipts) == ["accepted"] * RACERS
    assert sorted(receipt.stream_version or 0 for receipt in receipts) == list(range(2, 10))
    must_be_whole(desks[0].store.after(0))


def test_of_eight_who_open_one_ticket_one_does(desks: list[Desk]) -> None:
    receipts = race(desks, lambda _: opened("TCK-2"))

    assert sorted(statuses(receipts)) == ["accepted"] + ["already-opened"] * (RACERS - 1)


def test_of_eight_companies_with_one_external_id_one_has_it(desks: list[Desk]) -> None:
    ids = ({"system": "crm", "id": "4711"},)

    receipts = race(desks, lambda number: registered(f"twin-{number}", external_ids=ids))

    assert sorted(statuses(receipts)) == ["accepted"] + ["reference-taken"] * (RACERS - 1)
    (winner,) = (receipt for receipt in receipts if receipt.status == "accepted")
    assert f"company/{desks[0].resolve('company', 'crm=4711')}" == winner.stream_id


def test_a_ticket_is_moved_once_while_others_write_to_it(desks: list[Desk]) -> None:
    desks[0].record([registered("borealis")])

    receipts = race(desks, lambda number: wrote() if number % 2 else moved(to="borealis"))

    assert statuses(receipts).count("accepted") >= 1 + RACERS // 2
    rows = desks[0].store.after(0)
    assert [row.type for row in rows].count("ticket.moved_away") == 1
    assert [row.type for row in rows].count("ticket.customer_message_received") == 4
    assert desks[0].store.of_stream(f"ticket/{TICKET}")[-1].type == "ticket.moved_away"
    must_be_whole(rows)


def test_eight_threads_of_one_desk_share_commits_and_lose_nothing(
    desk: Desk, open_desk: OpenDesk
) -> None:
    prepare(desk)
    other = open_desk()

    def run(number: int) -> list[Receipt]:
        mine = desk if number % 2 else other
        made = [mine.record([wrote(TICKETS[(number + k) % 5])])[0] for k in range(40)]
        mine.store.close()
        return made

    with ThreadPoolExecutor(RACERS) as threads:
        receipts = list(chain.from_iterable(threads.map(run, range(RACERS))))

    assert statuses(receipts) == ["accepted"] * (40 * RACERS)
    assert len({receipt.position for receipt in receipts}) == 40 * RACERS
    must_be_whole(desk.store.after(0, 1_000))


def test_streams_that_nobody_shares_never_conflict(desks: list[Desk]) -> None:
    desks[0].record([opened(f"T-{number}") for number in range(RACERS)])
    conflicts = [count_conflicts(desk) for desk in desks]

    for _ in range(10):
        race(desks, lambda number: wrote(f"T-{number}"))

    assert [len(found) for found in conflicts] == [0] * RACERS


def count_conflicts(desk: Desk) -> list[Exception]:
    """Collect what a desk's recorder raises from now on."""
    raised: list[Exception] = []
    insert = desk.recorder.insert_events

    def watched(*events: object, **beside: object) -> object:
        try:
            return insert(*events, **beside)  # type: ignore[arg-type]
        except Exception as error:
            raised.append(error)
            raise

    desk.recorder.insert_events = watched  # type: ignore[method-assign,assignment]
    return raised


@pytest.mark.slow
def test_two_processes_on_one_store_lose_nothing_and_neither_starves(
    desk: Desk, store_url: str, control_url: str
) -> None:
    prepare(desk, "one", "two")

    printed = publish(store_url, control_url, ["one", "two"], count=400)

    positions = [position for each in printed for position in each["positions"]]
    assert sorted(positions) == list(range(11, 811))
    for company in (ACME, "one", "two"):
        must_be_whole(desk.store.after(0, 1_000), company)
    assert max(max(each["seconds"]) for each in printed) < 5


@pytest.mark.slow
@pytest.mark.broker
def test_a_reader_that_follows_eight_writing_processes_misses_nothing(
    postgres: str, control_url: str, home: object
) -> None:
    from services.control import Control, Keyring

    control = Control(control_url)
    desk = Desk(postgres, control, Keyring(control))
    names = [f"w{number}" for number in range(RACERS)]
    prepare(desk, *names)
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        last = desk.store.head()
        while not done.is_set() or desk.store.head() > last:
            rows = desk.store.after(last, 50)
            seen.extend(row.position for row in rows)
            last = rows[-1].position if rows else last
        desk.store.close()

    reader = threading.Thread(target=follow)
    reader.start()
    try:
        printed = publish(postgres, control_url, names, count=500)
    finally:
        done.set()
        reader.join()

    positions = [position for each in printed for position in each["positions"]]
    assert len(positions) == len(set(positions)) == 500 * RACERS
    assert seen == sorted(int(position) for position in positions)
    for company in (ACME, *names):
        must_be_whole(desk.store.after(0, 10_000), company)
    desk.close()
    control.close()
