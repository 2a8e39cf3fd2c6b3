"""Control runs: with one guard taken out, what the kill matrix checks must fail.

Each scenario provokes what the guard is there for, and is run with the guard too.
"""

import time
from collections.abc import Iterator

import pytest

from projections.database import Database
from services.security import Keys
from tests.broker.deployed import Deployed, eventually
from tests.broker.kill.case import Case, waves
from tests.broker.kill.ledger import Pace
from tests.broker.kill.load import Publisher
from tests.broker.kill.stories import Events, foundation, story

pytestmark = [pytest.mark.broker, pytest.mark.slow]

GUARDED: tuple[str, ...] = ()
SLEEPY = "stall:6@1"
"""Time enough to stop whoever comes upon it."""


@pytest.mark.parametrize("without", [GUARDED, ("compare-and-set",)])
def test_a_position_moves_only_from_where_it_was_read(case: Case, without: tuple[str, ...]) -> None:
    found = two_rivals_fold_the_same(case, without)

    assert (found == []) == (without == GUARDED), found


@pytest.mark.parametrize("without", [GUARDED, ("known events",)])
def test_what_the_bus_brings_twice_is_known(case: Case, without: tuple[str, ...]) -> None:
    found = two_relays_send_the_same(case, without)

    assert (found == []) == (without == GUARDED), found


@pytest.mark.parametrize("without", [GUARDED, ("append lock",), ("append order",)])
def test_positions_are_the_order_of_commits(case: Case, without: tuple[str, ...]) -> None:
    """The lock alone is not what keeps the order: positions follow the last committed one."""
    found = two_writers_append(case, without)

    assert (found == []) == (without != ("append order",)), found


@pytest.mark.parametrize("without", [GUARDED, ("begin immediate",)])
def test_an_append_to_sqlite_holds_the_lock_from_its_first_look(
    sqlite_case: Case, without: tuple[str, ...]
) -> None:
    found = two_writers_append(sqlite_case, without)

    assert (found == []) == (without == GUARDED), found


def two_rivals_fold_the_same(case: Case, without: tuple[str, ...]) -> list[str]:
    """Let one member sleep on a page that another one folds meanwhile."""
    system = case.system
    system.without = without
    with case.at_work({"relay": ""}, "timeline", "tickets"):
        for wave in waves():
            case.report(wave)
        names = ("timeline", "tickets")
        for name in names:
            system.start(f"rival {name} one", f"project.before_transaction={SLEEPY}")
        with case.stopped(*(f"rival {name} one" for name in names)):
            for name in names:
                system.start(f"rival {name} two")
            assert system.comes_to_rest(*names) == []
        time.sleep(6)  # whoever slept is awake by then, and writes
    return case.wrong("timeline", "tickets")


def two_relays_send_the_same(case: Case, without: tuple[str, ...]) -> list[str]:
    """Let a relay sleep, cut off from the lock, while another one publishes what it holds."""
    system = case.system
    system.without = without
    with case.at_work({"tickets 1": "", "timeline 1": ""}, "tickets", "timeline"):
        for wave in waves():
            case.report(wave)
        system.start("relay 1", f"relay.before_send={SLEEPY}")
        with case.stopped("relay 1"):
            cut_off_relays(case.deployed)
            system.start("relay 2")
            assert system.comes_to_rest("tickets", "timeline") == []
        assert eventually(lambda: sent_twice(case.deployed))
    return case.wrong("tickets", "timeline")


def two_writers_append(case: Case, without: tuple[str, ...]) -> list[str]:
    """Let two processes append as fast as they can."""
    system = case.system
    system.without = without
    with case.at_work({"relay": "", "tickets 1": "", "api 1": "", "api 2": ""}):
        key = Keys(case.deployed.control).create("test", "publisher")
        founder = Publisher(iter(()), system.ports, key, case.ledger, Pace(0))
        founder.report(foundation())
        founder.hang_up()
        pace = Pace(2_000)
        pace.allow(1)
        writers = [
            Publisher(small(f"w{n}"), system.ports[n % 2 :][:1], key, case.ledger, pace)
            for n in range(4)
        ]
        for writer in writers:
            writer.patience = 15
            writer.start()
        for writer in writers:
            writer.join()
    return case.wrong()


def small(name: str) -> Iterator[Events]:
    """Tell a story in many small batches."""
    for batch in story(name, seed=7):
        for start in range(0, len(batch), 20):
            yield batch[start : start + 20]


def cut_off_relays(deployed: Deployed) -> None:
    """End the connection that holds the relay's lock, as a network may."""
    database = Database(deployed.settings.store)
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name LIKE 'longcase relay %' AND datname = current_database()"
    )
    database.close()


def sent_twice(deployed: Deployed) -> bool:
    return any(len(set(rows)) < len(rows) for rows in deployed.published(deployed.topics.events))
