"""What others write to the topic of events is set aside; read models are what the store says."""

from functools import partial
from random import Random
from subprocess import DEVNULL
from typing import Final

import pytest

from services.bus import brokers_of, describe
from services.catalogue import PROJECTIONS
from services.feed import Step, Stray, Unreadable
from services.folding import Page
from services.group import strays
from services.headers import key_of
from services.parking import Parking
from services.readmodel import Mark
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
    processes = [deployed.start(name, out=DEVNULL) for name in PROJECTIONS]

    sent = flood(deployed.rows(), count)
    places = send(deployed, [record for record, _ in sent])
    bad = {place for place, (_, is_bad) in zip(places, sent, strict=True) if is_bad}
    topics = describe(brokers_of(deployed.settings), [deployed.topics.events])
    deployed.mark.save(topics, head)

    assert [name for name in PROJECTIONS if not deployed.has_arrived(name, head)] == []
    assert len(bad) == count
    assert [set_aside(deployed, name) for name in PROJECTIONS] == [bad] * len(PROJECTIONS)
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
            projector = deployed.start("timeline", out=DEVNULL)
            send(deployed, [mangled(random, rows, random.choice(rows)) for _ in range(1_000)])
            assert eventually(partial(has_set_aside, deployed, wave * 1_000 - 700))
            projector.kill()
            projector.wait()
    last = deployed.start("timeline", out=DEVNULL)

    assert deployed.has_arrived("timeline")
    assert (
        len(set_aside(deployed, "timeline")) == strays.count(deployed.models, "timeline") == 3_000
    )
    assert deployed.digests()["timeline"] == deployed.embedded_digests()["timeline"]
    assert stopped(last) == 0


def test_a_page_that_is_cut_in_two_takes_what_is_set_aside_along_with_each_half() -> None:
    steps = [Step(_row(n), Unreadable("not asked"), n * 10 + 1) for n in range(1, 5)]
    aside = [Stray(offset, "foreign") for offset in (5, 15, 25, 45)]

    first, rest = Page(0, None, Mark(4, 50), steps, aside).split()

    assert [stray.offset for stray in first.strays] == [5, 15]
    assert [stray.offset for stray in rest.strays] == [25, 45]
    assert (first.new.next_offset, rest.new.next_offset) == (21, 50)


def _row(position: int) -> Row:
    return Row(position, "ticket/T-1", position, "t", b"", "acme", position, None, 0, 0)


def flood(rows: list[Row], count: int) -> list[tuple[Sent, bool]]:
    """Mix events with mangled ones, which for many stand alone; the last of each key is there.

    With each it is said whether it is mangled.
    """
    random = Random(SEED)
    lasts = {key_of(row): row.position for row in rows}
    sent: list[tuple[Sent, bool]] = []
    for number, row in enumerate(rows):
        bad = (number + 1) * count // len(rows) - number * count // len(rows)
        here = [(mangled(random, rows, row), True) for _ in range(bad)]
        if lasts[key_of(row)] == row.position or random.random() > WITHHELD:
            here.insert(random.randint(0, len(here)), (genuine(row), False))
        sent += here
    return sent


def set_aside(deployed: Deployed, name: str) -> set[tuple[int, int]]:
    """Say where the records stand that a projection set aside, each with a reason."""
    found = deployed.models.database.execute(
        "SELECT part, record_offset, reason, topic FROM strays WHERE name = ?", (name,)
    )
    assert all(reason for _, _, reason, _ in found)
    assert {topic for *_, topic in found} <= {deployed.topics.events}
    return {(part, offset) for part, offset, _, _ in found}


def has_set_aside(deployed: Deployed, wanted: int) -> bool:
    return strays.count(deployed.models, "timeline") >= wanted


def parked(deployed: Deployed, name: str) -> int:
    return Parking(deployed.models).count(deployed.models.view(PROJECTIONS[name]))
