"""Who sleeps past its session and wakes writes nothing stale; what is alive takes over."""

import time
from threading import Event, Thread
from typing import Final

import pytest

from services.bus.follower import SESSION_MS
from tests.broker.deployed import eventually
from tests.broker.kill.case import Case
from tests.broker.kill.stories import foundation, story

pytestmark = [pytest.mark.broker, pytest.mark.slow]

ASLEEP: Final = SESSION_MS / 1000 + 3
"""Seconds: by then Kafka has given the sleepers' partitions to others."""

NAMES: Final = ("timeline", "tickets")


def test_a_relay_and_projectors_that_slept_write_nothing_stale(case: Case) -> None:
    sleepers = {"relay": "relay.before_send=stall:5@3"} | {
        f"{name} 1": "project.before_transaction=stall:5@4" for name in NAMES
    }
    others = {f"{name} 2": "" for name in NAMES}

    with case.at_work(sleepers | others | {"directory 1": ""}, *NAMES, "directory"):
        case.report(foundation())
        told = Event()
        publisher = Thread(target=tell_until, args=(case, told))
        publisher.start()
        with case.stopped(*(f"{name} 1" for name in NAMES), "relay"):
            time.sleep(ASLEEP)
        told.set()
        publisher.join()
        assert eventually(lambda: all(met(case, name) for name in NAMES))

    assert case.system.deaths() == []
    assert case.wrong(*NAMES, "directory") == []


def met(case: Case, name: str) -> bool:
    """Say whether two believed to own a partition, and one of them was refused."""
    return any("refused, reading" in case.log(f"{name} {number}") for number in (1, 2))


def tell_until(case: Case, told: Event) -> None:
    """Report without end, a little at a time."""
    for batch in story("p", seed=7):
        case.report(batch[:50])
        if told.wait(0.1):
            return
