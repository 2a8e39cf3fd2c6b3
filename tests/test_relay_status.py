"""How the relay is, as far as the store's database can tell without any broker."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from projections.database import Database
from services import heartbeat
from services.bus import TopicInfo
from services.heartbeat import Beat
from services.relay.mark import RelayMark
from services.relay.status import status
from services.store import Log
from tests.cli_words import Longcase, cloud, longcase

__all__ = ["longcase"]

TOPICS = {"longcase.events": TopicInfo("one", 12), "longcase.public": TopicInfo("two", 3)}


@pytest.fixture
def log(longcase: Longcase, tmp_path: Path) -> Iterator[Log]:
    """A store with three events."""
    said = b"".join(
        cloud("company.registered", f"company/c{n}", f"{n}", "2026-03-02T08:00:00Z", name="C")
        for n in range(3)
    )
    assert longcase("publish", stdin=said).code == 0
    with closing(Log(f"sqlite:///{tmp_path}/home/store.db")) as log:
        yield log


@pytest.fixture
def mark(log: Log) -> Iterator[RelayMark]:
    with closing(RelayMark(log.url)) as mark:
        heartbeat.prepare(mark.database)
        yield mark


def says(database: Database, state: str, instance: str = "one:1", **known: object) -> None:
    beat = Beat("relay", instance, state, "", 0, 0.0, 0.0)
    heartbeat.write(database, beat._replace(**known))  # type: ignore[arg-type]


def test_a_store_that_was_never_relayed_says_so(log: Log) -> None:
    found = status(log)

    assert (found["state"], found["held_by"], found["topics"]) == ("stopped", None, [])
    assert (found["position"], found["head_position"], found["lag_events"]) == (0, 3, 3)


def test_lag_is_measured_against_the_store_whatever_the_relay_says(
    log: Log, mark: RelayMark
) -> None:
    mark.save(TOPICS, 1)
    says(mark.database, "running", position=1_000, rate=4.0)

    found = status(log)

    assert (found["position"], found["lag_events"], found["eta_seconds"]) == (1, 2, 0.5)
    assert found["lag_seconds"] > 0


def test_the_topic_furthest_behind_counts(log: Log, mark: RelayMark) -> None:
    mark.save(TOPICS, 3)
    mark.accept({"longcase.public": TopicInfo("three", 3)})

    found = status(log)

    assert found["position"] == 0
    assert [(t["topic_id"], t["position"]) for t in found["topics"]] == [("one", 3), ("three", 0)]


def test_who_holds_the_lock_is_named_also_when_it_gives_no_sign_of_life(
    log: Log, mark: RelayMark
) -> None:
    says(mark.database, "running", "one:1", age=7.0)
    says(mark.database, "standby", "two:2")

    with mark.held(Event(), "one:1") as held:
        found = status(log)

    assert held
    assert (found["held_by"], found["instance"], found["state"]) == ("one:1", "one:1", "stopped")
    assert status(log)["held_by"] is None


def test_a_refusal_is_told_with_its_reason_after_the_relay_has_ended(
    log: Log, mark: RelayMark
) -> None:
    says(mark.database, "refused", age=600.0, detail="made anew")

    assert (status(log)["state"], status(log)["reason"]) == ("refused", "made anew")


def test_the_command_prints_it(longcase: Longcase, log: Log, mark: RelayMark) -> None:
    mark.save(TOPICS, 2)
    says(mark.database, "waiting_for_broker", detail="no broker answers")

    text, document = longcase("relay", "status"), longcase("relay", "status", "--json")

    assert text.code == document.code == 0
    assert "waiting for broker" in text.out
    assert "longcase.public" in text.out
    assert "no broker answers" in text.err
    assert document.json["state"] == "waiting_for_broker"
    assert document.json["lag_events"] == 1


def test_without_a_bus_there_is_nothing_to_publish_again(longcase: Longcase) -> None:
    answer = longcase("relay", "republish")

    assert answer.code == 2
    assert "LONGCASE_KAFKA" in answer.error
