"""Desk → store → relay → Kafka → projectors: nothing lost, nothing doubled, whatever is killed."""

import random
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event, Thread
from typing import Final

import pytest

from domain.events import Logged
from projections.projection import Projection, View, by_stream
from services.bus import partition_of
from services.catalogue import PROJECTIONS
from services.control import Keyring
from services.decisions import Decisions
from services.feed import StoreFeed
from services.headers import key_of
from services.parking import Parking
from services.projector import FollowsKafka, Projector
from services.store import Row
from tests.broker.deployed import (
    PARTITIONS,
    PATIENCE,
    Apart,
    Deployed,
    eventually,
    fold_as,
    history,
    publish,
    said,
    stopped,
)

pytestmark = pytest.mark.broker

TICKETS: Final = PROJECTIONS["tickets"]
TIMELINE: Final = PROJECTIONS["timeline"]


def test_every_read_model_is_what_it_is_without_a_bus(on_either: Deployed) -> None:
    head = on_either.tell_the_story()

    processes = [on_either.start(name) for name in ("relay", *PROJECTIONS)]
    arrived = [on_either.has_arrived(name, head) for name in PROJECTIONS]

    assert all(arrived)
    assert on_either.digests() == on_either.embedded_digests()
    assert [stopped(process) for process in processes] == [0] * len(processes)


def test_the_bus_carries_each_event_once_as_it_is_stored_and_a_company_in_order(
    deployed: Deployed,
) -> None:
    head = deployed.tell_the_story()

    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    partitions = deployed.published(deployed.topics.events)
    assert len(partitions) == PARTITIONS
    assert sorted(row for rows in partitions for row in rows) == deployed.rows()
    for part, rows in enumerate(partitions):
        assert [row.position for row in rows] == sorted(row.position for row in rows)
        assert {partition_of(key_of(row), PARTITIONS) for row in rows} <= {part}


def test_a_killed_relay_loses_nothing_and_sends_nothing_twice(deployed: Deployed) -> None:
    head = deployed.report(history(companies=20, tickets=10, messages=24))
    chance = random.Random(7)

    for kill in range(1, 4):
        relay = deployed.start("relay")
        assert eventually(partial(reached, deployed.relayed, kill * head // 5))
        time.sleep(chance.uniform(0, 0.03))
        relay.kill()
        relay.wait()
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    partitions = deployed.published(deployed.topics.events)
    for rows in partitions:
        assert [row.position for row in rows] == sorted({row.position for row in rows})
    assert sorted(row for rows in partitions for row in rows) == deployed.rows()


def test_a_projector_killed_in_the_middle_of_a_page_folds_each_event_once(
    on_either: Deployed,
) -> None:
    deployed = on_either
    head = deployed.report(history(companies=10, tickets=10, messages=16))
    chance = random.Random(7)
    view = deployed.models.view(TIMELINE)

    def read() -> int:
        return sum(mark.next_offset for mark in deployed.models.marks(view).values())

    with deployed.at_work("relay"):
        for kill in range(1, 4):
            projector = deployed.start("timeline")
            assert eventually(partial(reached, read, kill * head // 5))
            time.sleep(chance.uniform(0, 0.05))
            projector.kill()
            projector.wait()
        with deployed.at_work(*PROJECTIONS):
            assert all(deployed.has_arrived(name, head) for name in PROJECTIONS)

    assert deployed.digests() == deployed.embedded_digests()


def test_two_that_believe_to_own_the_same_partitions_fold_each_event_once(
    deployed: Deployed,
) -> None:
    head = deployed.report(history(companies=10, tickets=10, messages=16))
    stop = Event()
    rivals = [
        Thread(target=fold_as, args=(deployed, TICKETS, group, stop)) for group in ("one", "two")
    ]

    with deployed.at_work("relay"):
        for rival in rivals:
            rival.start()
        arrived = deployed.has_arrived("tickets", head)
        stop.set()
        for rival in rivals:
            rival.join()

    assert arrived
    assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]


def test_members_share_the_partitions(deployed: Deployed) -> None:
    head = deployed.report(history(companies=10, tickets=2, messages=2))

    with deployed.at_work("tickets", "tickets", "relay"):
        assert deployed.has_arrived("tickets", head)

    assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]


def test_what_the_bus_lost_is_read_from_the_store(deployed: Deployed) -> None:
    deployed.report(history(companies=4, tickets=3, messages=6))
    rows = deployed.rows()
    keep = [row for row in rows if row.position % 5 or row == last_of(rows, row)]
    publish(deployed, keep)

    with deployed.at_work("tickets", "timeline"):
        assert eventually(lambda: not deployed.arrival.lag(TICKETS))
        assert eventually(lambda: not deployed.arrival.lag(TIMELINE))

    embedded = deployed.embedded_digests()
    assert len(keep) < len(rows)
    assert deployed.digests()["tickets"] == embedded["tickets"]
    assert deployed.digests()["timeline"] == embedded["timeline"]


def test_what_comes_twice_is_folded_once(deployed: Deployed) -> None:
    deployed.report(history(companies=4, tickets=3, messages=6))
    rows = deployed.rows()
    publish(deployed, [*rows[:60], *rows[20:], *rows[40:50]])

    with deployed.at_work("tickets"):
        assert eventually(lambda: not deployed.arrival.lag(TICKETS))

    assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]


def test_while_the_broker_is_away_events_wait_and_little_is_said(apart: Apart) -> None:
    deployed, broker = apart
    events = history(companies=4, tickets=3, messages=30)
    relay, projector = deployed.start("relay"), deployed.start("tickets")
    head = deployed.report(events[:200])
    assert deployed.has_arrived("tickets", head)

    broker.kill()
    head = deployed.report(events[200:])
    time.sleep(3)
    broker.start()

    assert eventually(lambda: deployed.relayed() == head)
    assert deployed.has_arrived("tickets", head)
    assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]
    assert [stopped(relay), stopped(projector)] == [0, 0]
    assert len(said(relay)) + len(said(projector)) < 12


def test_an_event_that_cannot_be_folded_parks_its_ticket_alone(deployed: Deployed) -> None:
    deployed.report(history(companies=4, tickets=3, messages=6))
    rows = deployed.rows()
    bad = rows[50].position

    def apply(view: View, page: Sequence[Logged]) -> None:
        if any(logged.position == bad for logged in page):
            raise ValueError("a handler that fails")
        view.insert("seen", ("position",), [(logged.position,) for logged in page])

    poisoned = Projection(
        "poisoned", 1, ("seen",), ("CREATE TABLE {seen} (position {bigint})",), apply, by_stream
    )

    view, stop = deployed.models.view(poisoned), Event()
    good = {r.position for r in rows if r.stream_id != rows[50].stream_id or r.position < bad}
    with deployed.at_work("relay"), ThreadPoolExecutor() as pool:
        member = pool.submit(fold_as, deployed, poisoned, "one", stop)
        eventually(lambda: len(view.all("SELECT * FROM {seen}")) == len(good))
        stop.set()
        member.result()

    parked = Parking(deployed.models).all(view)
    assert {position for (position,) in view.all("SELECT * FROM {seen}")} == good
    assert {each.position for each in parked} == {r.position for r in rows} - good
    assert parked[0].reason == "ValueError: a handler that fails"
    assert {each.reason for each in parked[1:]} == {""}


def test_a_read_model_made_without_a_bus_goes_on_with_one_and_not_with_both(
    deployed: Deployed,
) -> None:
    events = history(companies=4, tickets=3, messages=6)
    deployed.report(events[:-40])
    feed = StoreFeed(deployed.desk.store, Keyring(deployed.control))
    embedded = Projector(feed, deployed.models, Decisions(deployed.control), [TICKETS])
    embedded.catch_up()

    head = deployed.report(events[-40:])
    with deployed.at_work("relay", "tickets"):
        assert deployed.has_arrived("tickets", head)

    assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]
    with pytest.raises(FollowsKafka):
        embedded.catch_up()


def test_who_waits_is_told_when_it_has_come_and_when_not(deployed: Deployed) -> None:
    head = deployed.tell_the_story()

    assert not deployed.arrival.wait_for(TICKETS, head, 0.1)
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)
        assert not deployed.arrival.wait_for(TICKETS, head, 0.1)
        with deployed.at_work("tickets"):
            assert deployed.arrival.wait_for(TICKETS, head, PATIENCE)
            assert deployed.arrival.lag(TICKETS) == 0
            assert deployed.arrival.position(TICKETS) == head


def test_how_far_a_read_model_is_counts_what_waits_in_any_partition(deployed: Deployed) -> None:
    events = history(companies=6, tickets=2, messages=4)
    middle = deployed.report(events[:30])
    last = deployed.rows()[-1]
    with deployed.at_work("relay", "tickets"):
        assert deployed.has_arrived("tickets", middle)
        assert deployed.arrival.position_of(TICKETS, last.company_id or "") == middle
    head = deployed.report(events[30:])
    with deployed.at_work("relay"):
        assert eventually(lambda: deployed.relayed() == head)

    assert 0 < deployed.arrival.position(TICKETS) <= middle
    assert deployed.arrival.lag(TICKETS) == head - middle


def test_a_stopped_projector_finishes_its_page_and_leaves(deployed: Deployed) -> None:
    deployed.report(history(companies=10, tickets=10, messages=16))
    view = deployed.models.view(TIMELINE)

    with deployed.at_work("relay"):
        projector = deployed.start("timeline")
        assert eventually(lambda: len(deployed.models.marks(view)) > 1)
        projector.send_signal(signal.SIGTERM)

        assert projector.wait(PATIENCE) == 0


def reached(where: Callable[[], int], goal: int) -> bool:
    return where() >= goal


def last_of(rows: list[Row], row: Row) -> Row:
    return [r for r in rows if key_of(r) == key_of(row)][-1]
