"""What a process says of itself is believed for as long as it gives signs of life."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from projections.database import Database
from services import heartbeat
from services.heartbeat import SILENT_SECONDS, Beat, Pulse, prepare, read, write

NAME = "relay"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    found: str = request.getfixturevalue("postgres")
    return found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        prepare(database)
        yield database


def beat(state: str = "running", age: float = 0.0, instance: str = "one:1") -> Beat:
    return Beat(NAME, instance, state, "", 40, 12.5, age)


def test_what_is_written_is_read(database: Database) -> None:
    write(database, beat())
    write(database, beat()._replace(position=41))

    (found,) = read(database, NAME)

    assert found._replace(age=0.0) == beat()._replace(position=41)
    assert found.age < 1


def test_one_that_fell_silent_is_stopped_whatever_it_said(database: Database) -> None:
    write(database, beat(age=SILENT_SECONDS + 1))

    (found,) = read(database, NAME)

    assert (found.state, found.rate) == ("stopped", 0.0)
    assert found.detail == "no sign of life for 6 s; it was running"


@pytest.mark.parametrize("state", ["refused", "stopped"])
def test_what_a_process_left_with_does_not_grow_old(database: Database, state: str) -> None:
    write(database, beat(state, age=3600)._replace(detail="the reason"))

    (found,) = read(database, NAME)

    assert (found.state, found.detail) == (state, "the reason")


def test_the_one_heard_of_last_comes_first(database: Database) -> None:
    write(database, beat(instance="one:1", age=2))
    write(database, beat(instance="two:2"))
    write(database, beat()._replace(name="tickets"))

    assert [found.instance for found in read(database, NAME)] == ["two:2", "one:1"]


def test_a_worker_is_heard_of_while_it_works_and_said_to_have_stopped_in_the_end(
    url: str, database: Database
) -> None:
    with Pulse(url, NAME, "one:1") as pulse:
        pulse.say("running")
        pulse.moved(40, 40)
        seen = eventually_read(database)
        assert (seen.state, seen.position) == ("running", 40)
        assert seen.rate > 0

    assert [found.state for found in read(database, NAME)] == ["stopped"]


def test_the_reason_of_a_refusal_stays(url: str, database: Database) -> None:
    with Pulse(url, NAME, "one:1") as pulse:
        pulse.say("refused", "the topic was made anew")

    assert [found[2:4] for found in read(database, NAME)] == [
        ("refused", "the topic was made anew")
    ]


def test_a_worker_that_hangs_is_not_covered_by_the_thread_that_beats(
    url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.1)

    with Pulse(url, NAME, "one:1") as pulse:
        pulse.say("running")
        time.sleep(1.0)
        (hangs,) = read(database, NAME)
        pulse.alive()
        time.sleep(0.25)
        (works,) = read(database, NAME)
        pulse.say("waiting_for_broker", patience=60)
        time.sleep(1.0)
        (waits,) = read(database, NAME)

    assert [found.state for found in (hangs, works, waits)] == [
        "stopped", "running", "waiting_for_broker",
    ]  # fmt: skip


def eventually_read(database: Database) -> Beat:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = read(database, NAME)
        if found and found[0].rate:
            return found[0]
        time.sleep(0.05)
    raise AssertionError("no beat")
