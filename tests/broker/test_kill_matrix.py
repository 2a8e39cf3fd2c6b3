"""Everything is killed, again and again, under load: nothing lost, nothing twice, all in order.

The seed of a run is printed; ``LONGCASE_TEST_SEED`` repeats it.  `make soak` does the same for
longer: ``LONGCASE_TEST_KILLS`` and ``LONGCASE_TEST_EVENTS`` say how long.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from services.bus import Topics
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.security import Keys
from services.stack import brokers_of, down, postgres_of, up
from services.stack.plan import _free_ports
from tests.broker.deployed import Deployed
from tests.broker.kill.chaos import Chaos
from tests.broker.kill.forks import Zygote
from tests.broker.kill.invariants import violations
from tests.broker.kill.ledger import Ledger, Pace
from tests.broker.kill.load import Publisher
from tests.broker.kill.rebuilds import Rebuilds
from tests.broker.kill.sender import Sender
from tests.broker.kill.stories import foundation, story
from tests.broker.kill.system import ALL, APIS, System

pytestmark = [pytest.mark.broker, pytest.mark.slow]

KILLS: Final = int(os.environ.get("LONGCASE_TEST_KILLS", "200"))
EVENTS: Final = int(os.environ.get("LONGCASE_TEST_EVENTS", "20000"))
SEED: Final = int(os.environ.get("LONGCASE_TEST_SEED") or secrets.randbelow(1_000_000))

OF_SERVERS: Final = 10
"""One kill in so many is the broker's, and one the database's."""

PUBLISHERS: Final = 4
HEAD_START: Final = 0.02
"""How far the load may be ahead of the kills, as a share of all."""


@contextmanager
def storm_proof(home: Path) -> Iterator[System]:
    """Start a whole system of a test's own: broker, database, and every part."""
    stack = up(home, brokers=1, heap="96m", durable=True)
    assert stack.postgres
    url = stack.postgres
    settings = Settings(home=home, kafka=stack.kafka, store=url, read_models=url, control=url)
    try:
        with (deployed := Deployed(settings, Topics())).opened:
            deployed.create_topics(partitions=6)
            assert deployed.desk.store.head() == 0
        with Zygote(home) as zygote:
            system = System(zygote, settings, Topics(), ports=_free_ports(len(APIS)))
            system.servers = {"kafka": brokers_of(home)[0], "postgres": postgres_of(home)}
            with system.kept():
                for name in ALL:
                    system.start(name)
                yield system
    finally:
        down(home)


def test_whatever_is_killed_nothing_is_lost_doubled_or_reordered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, pace = Ledger(), Pace(EVENTS + EVENTS // 20)
    with storm_proof(tmp_path) as system:
        load = publishers(system, ledger, pace)
        rebuilds = Rebuilds(system)
        rebuilds.start()
        chaos = Chaos(system, SEED, KILLS, KILLS // OF_SERVERS)
        chaos.rage(lambda share: pace.allow(share + HEAD_START))
        for each in load:
            each.join()
        rebuilds.end()
        late = system.comes_to_rest(*PROJECTIONS)
        deaths = system.deaths()
        system.stop()
        with (deployed := Deployed(system.settings, system.topics)).opened:
            found = [*late, *deaths, *violations(deployed, ledger)]
            events = len(deployed.rows())
    with capsys.disabled():
        print(f"\nseed {SEED}: {chaos}; {events:,} events, {ledger.doubts} in doubt; {rebuilds}")

    assert found == []
    assert chaos.done.total() >= KILLS
    assert events >= EVENTS


def publishers(system: System, ledger: Ledger, pace: Pace) -> list[Publisher | Sender]:
    """Let publishers tell their stories."""
    with (deployed := Deployed(system.settings, system.topics)).opened:
        key = Keys(deployed.control).create("kills", "publisher")
    founder = Publisher(iter(()), system.ports, key, ledger, pace)
    founder.report(foundation())
    founder.hang_up()
    load: list[Publisher | Sender] = [
        Publisher(story(f"p{n}", SEED), system.ports, key, ledger, pace) for n in range(PUBLISHERS)
    ]
    load.append(Sender("k", system.settings.kafka, system.topics.inbox, ledger, pace))
    for each in load:
        each.start()
    return load
