"""Scenario A31: the bus stops, a projector is killed in the middle of a batch, every message
comes twice and out of order across tickets; the read models come out as the store says.

The bus stops for seconds where the scenario says five minutes: nothing in the code counts
minutes, and `test_outage` holds it away for sixty seconds under load.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from random import Random
from typing import Any, Final

import orjson
import pytest

from services import bus
from services.bus import describe
from services.catalogue import PROJECTIONS
from services.store import Row
from tests.broker.deployed import PROJECT, Apart, Deployed, history, publish, stopped
from tests.broker.loads import Load

pytestmark = [pytest.mark.broker, pytest.mark.slow]

AWAY: Final = 6.0
"""Seconds without a bus."""


def test_a31_the_bus_stops_a_projector_dies_and_all_comes_twice_and_out_of_order(
    apart: Apart,
) -> None:
    deployed, broker = apart
    events = history(companies=8, tickets=5, messages=60)
    relay = deployed.start("relay")
    dying = deployed.start("timeline", "project.before_commit=kill@2")
    others = [deployed.start(name) for name in PROJECTIONS if name != "timeline"]
    first = deployed.report(events[:600])
    assert all(deployed.has_arrived(name, first) for name in ("tickets", "directory"))
    assert dying.wait() == -signal.SIGKILL

    deployed.arrival.close()  # it asks again, and the client would leave sockets behind
    broker.kill()
    began = time.monotonic()
    with Load(deployed, events[600:]):
        pass
    time.sleep(max(0.0, AWAY - (time.monotonic() - began)))
    behind = {each["name"]: each for each in told(deployed)}
    assert stopped(relay) == 0  # what comes now comes from another one, which is mad
    broker.start()
    head = deployed.desk.store.head()
    for each in behind.values():
        assert each["lag_events"] >= head - first
        assert each["lag_seconds"] >= AWAY / 2
        assert each["state"] in {"stopped", "broker_away"}

    publish(deployed, twice_and_mixed(deployed.rows()[first:]))
    deployed.mark.save(describe(bus.brokers_of(deployed.settings), [deployed.topics.events]), head)
    timeline = deployed.start("timeline")
    assert [name for name in PROJECTIONS if not deployed.has_arrived(name, head)] == []
    assert {each["lag_events"] for each in told(deployed)} == {0}

    assert head == len(events)
    assert deployed.digests() == deployed.embedded_digests()
    view = deployed.models.view(PROJECTIONS["timeline"])
    seen = view.all("SELECT position FROM {entries} ORDER BY position")
    assert seen == [(row.position,) for row in deployed.rows() if row.company_id]
    assert [stopped(each) for each in (timeline, *others)] == [0] * len(PROJECTIONS)


def twice_and_mixed(rows: Sequence[Row]) -> list[Row]:
    """Put every row there twice, in any order but that of each ticket."""
    random = Random(31)
    waiting: dict[str, list[Row]] = {}
    for row in rows:
        waiting.setdefault(row.stream_id, []).extend((row, row))
    mixed = []
    while waiting:
        ticket = random.choice(list(waiting))
        mixed.append(waiting[ticket].pop(0))
        if not waiting[ticket]:
            del waiting[ticket]
    assert [row.position for row in mixed] != sorted(row.position for row in mixed)
    return mixed


def told(deployed: Deployed) -> list[dict[str, Any]]:
    """Say how far the projections are, as operators are told."""
    asked = subprocess.run(
        [sys.executable, "-m", "services.cli", "projections", "status", "--json"],
        cwd=PROJECT, env=deployed.settings.environment(), capture_output=True, check=True,
    )  # fmt: skip
    found: list[dict[str, Any]] = orjson.loads(asked.stdout)
    return found
