"""A relay that is killed, stopped or without brokers: what it says, and who takes over."""

import signal
import subprocess
import time
from itertools import chain
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import psycopg
import pytest

from services.config import Settings
from services.heartbeat import SILENT_SECONDS
from services.relay.status import status
from services.store import Row
from tests.broker.deployed import Apart, Deployed, eventually, history

pytestmark = [pytest.mark.broker, pytest.mark.slow]

LATE: Final = 3.0
"""Seconds that a crowded machine may add."""

RELAYING: Final = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'longcase relay%'"


def test_its_state_is_true_while_it_runs_is_stopped_wakes_and_is_killed(
    on_either: Deployed,
) -> None:
    deployed = on_either
    head = deployed.report(history(companies=4, tickets=3, messages=6))
    relay = deployed.start("relay")
    assert eventually(lambda: told(deployed)["position"] == head and state(deployed) == "running")
    assert told(deployed)["held_by"] == told(deployed)["instance"]

    relay.send_signal(signal.SIGSTOP)
    assert eventually(lambda: state(deployed) == "stopped", SILENT_SECONDS + LATE)
    assert told(deployed)["held_by"] is not None
    relay.send_signal(signal.SIGCONT)
    assert eventually(lambda: state(deployed) == "running", LATE)
    relay.kill()
    relay.wait()

    assert eventually(lambda: state(deployed) == "stopped", SILENT_SECONDS + LATE)
    assert told(deployed)["held_by"] is None


def test_a_second_relay_waits_and_takes_over_when_the_first_is_killed(
    on_either: Deployed,
) -> None:
    deployed, events = on_either, history(companies=8, tickets=3, messages=6)
    head = deployed.report(events[:100])
    first = deployed.start("relay")
    assert eventually(lambda: deployed.relayed() == head)
    holder = told(deployed)["held_by"]
    deployed.start("relay")
    time.sleep(2)
    assert told(deployed)["held_by"] == holder

    first.kill()
    head = deployed.report(events[100:])

    assert eventually(lambda: deployed.relayed() == head)
    assert told(deployed)["held_by"] not in (None, holder)
    assert sorted(chain(*deployed.published(deployed.topics.events))) == deployed.rows()


def test_one_that_sleeps_loses_the_lock_and_wakes_writes_nothing_that_readers_see(
    kafka: str, postgres: str, tmp_path: Path
) -> None:
    settings = Settings(
        home=tmp_path, kafka=kafka, store=postgres, read_models=postgres, control=postgres
    )
    deployed = Deployed(settings)
    with deployed.opened:
        deployed.create_topics()
        head = deployed.report(history(companies=20, tickets=10, messages=16))
        sleeper = deployed.start("relay")
        assert eventually(lambda: 0 < deployed.relayed() < head)
        sleeper.send_signal(signal.SIGSTOP)
        deployed.start("relay")

        cut_off(postgres)  # as a network does that fails between it and the store
        assert eventually(lambda: deployed.relayed() == head)
        time.sleep(10)
        sleeper.send_signal(signal.SIGCONT)
        assert eventually(lambda: state(deployed) == "running")
        time.sleep(3)
        with deployed.at_work("tickets"):
            assert deployed.has_arrived("tickets", head)

        partitions = deployed.published(deployed.topics.events)
        assert sorted(set(chain(*partitions))) == deployed.rows()
        assert all(is_in_order(rows) for rows in partitions)
        assert sum(map(len, partitions)) - head <= 1_000
        assert deployed.digests()["tickets"] == deployed.embedded_digests()["tickets"]


def test_a_broker_that_sleeps_under_load_costs_neither_a_report_nor_memory(apart: Apart) -> None:
    deployed, broker = apart
    events, stop = history(companies=20, tickets=10, messages=40), Event()
    relay = deployed.start("relay")
    head = deployed.report(events[:2_000])
    assert eventually(lambda: deployed.relayed() == head)
    before = resident(relay)

    load = Thread(target=report_slowly, args=(deployed, events[2_000:], stop))
    load.start()
    broker.pause()
    slept = time.monotonic()
    assert eventually(lambda: state(deployed) == "waiting_for_broker", 10)
    time.sleep(max(0.0, 10 - (time.monotonic() - slept)))
    behind = told(deployed)
    grown = resident(relay) - before
    broker.resume()
    slept = time.monotonic() - slept
    load.join()

    head = deployed.desk.store.head()
    began = time.monotonic()
    assert eventually(lambda: deployed.relayed() == head)
    assert time.monotonic() - began < slept
    assert behind["lag_events"] > 0
    assert behind["lag_seconds"] > 5
    assert grown < 20 * 2**20
    assert eventually(lambda: state(deployed) == "running", LATE)
    assert sorted(chain(*deployed.published(deployed.topics.events))) == deployed.rows()


def report_slowly(deployed: Deployed, events: list[dict[str, Any]], stop: Event) -> None:
    """Report, twenty a commit, for as long as the brokers sleep; each one is accepted."""
    for start in range(0, len(events), 20):
        deployed.report(events[start : start + 20])
        stop.wait(0.02)


def told(deployed: Deployed) -> dict[str, Any]:
    return status(deployed.desk.store)


def state(deployed: Deployed) -> str:
    return str(told(deployed)["state"])


def cut_off(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        ended = connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({RELAYING}) AS them")
        assert ended.fetchall() == [(True,)]


def resident(process: "subprocess.Popen[bytes]") -> int:
    """Say how many bytes of memory a process takes."""
    pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


def is_in_order(rows: list[Row]) -> bool:
    """Whether what is seen for the first time comes in order."""
    last = 0
    seen: set[int] = set()
    for row in rows:
        if row.position not in seen and row.position < last:
            return False
        seen.add(row.position)
        last = max(last, row.position)
    return True
