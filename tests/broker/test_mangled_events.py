"""What others write to the topic of events is set aside; read models are what the store says."""

from functools import partial
from random import Random
from typing import Final

import pytest

from services.bus import brokers_of, describe
from services.catalogue import PROJECTIONS
from services.group import strays
from services.headers import key_of
from services.parking import Parking
from services.store import Row
from tests.broker.deployed import Deployed, eventually, history, stopped
from tests.broker.foreign import Sent, genuine, mangled, send
from tests.broker.loads import Load

pytestmark = pytest.mark.broker

SEED: Final = 4711

WITHHELD: Final = 0.3
"""The part of the events that is on the bus mangled alone."""


@pytest.mark.parametrize("count", [2_000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_of_mangled_records_none_is_folded_and_none_stops_a_projector(
    on_either: Deployed, count: int
) -> None:
    deployed = on_either
    head = deployed.report(history(companies=20, tickets=5, messages=count // 100))
    processes = [deployed.start(name) for name in PROJECTIONS]

    send(deployed, flood(deployed.rows(), count))
    topics = describe(brokers_of(deployed.settings), [deployed.topics.events])
    deployed.mark.save(topics, head)

    assert [name for name in PROJECTIONS if not deployed.has_arrived(name, head)] == []
    assert [set_aside(deployed, name) for name in PROJECTIONS] == [count] * len(PROJECTIONS)
    assert [parked(deployed, name) for name in PROJECTIONS] == [0] * len(PROJECTIONS)
    assert deployed.digests() == deployed.embedded_digests()
    assert [stopped(process) for process in processes] == [0] * len(PROJECTIONS)


def test_kills_in_the_middle_of_a_flood_set_each_record_aside_once(deployed: Deployed) -> None:
    head = deployed.report(history(companies=10, tickets=5, messages=2))
    rows, random = deployed.rows(), Random(SEED)
    deployed.start("relay")
    assert eventually(lambda: deployed.relayed() == head)  # one that begins looks at the tails
    with Load(deployed, history(companies=10, tickets=5, messages=60)[len(rows) :], chunk=50):
        for wave in range(1, 4):
            projector = deployed.start("timeline")
            send(deployed, [mangled(random, rows, random.choice(rows)) for _ in range(1_000)])
            assert eventually(partial(has_set_aside, deployed, wave * 1_000 - 700))
            projector.kill()
            projector.wait()
    last = deployed.start("timeline")

    assert deployed.has_arrived("timeline")
    assert set_aside(deployed, "timeline") == 3_000
    assert deployed.digests()["timeline"] == deployed.embedded_digests()["timeline"]
    assert stopped(last) == 0


def flood(rows: list[Row], count: int) -> list[Sent]:
    """Mix events with mangled ones, which for many stand alone; the last of each key is there."""
    random = Random(SEED)
    lasts = {key_of(row): row.position for row in rows}
    sent: list[Sent] = []
    for number, row in enumerate(rows):
        bad = (number + 1) * count // len(rows) - number * count // len(rows)
        here = [mangled(random, rows, row) for _ in range(bad)]
        if lasts[key_of(row)] == row.position or random.random() > WITHHELD:
            here.insert(random.randint(0, len(here)), genuine(row))
        sent += here
    return sent


def set_aside(deployed: Deployed, name: str) -> int:
    return strays.count(deployed.models, name)


def has_set_aside(deployed: Deployed, wanted: int) -> bool:
    return set_aside(deployed, "timeline") >= wanted


def parked(deployed: Deployed, name: str) -> int:
    return Parking(deployed.models).count(deployed.models.view(PROJECTIONS[name]))
