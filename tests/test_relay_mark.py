"""One relay of a store is at work at a time, and says how far it came."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from services.bus import TopicInfo
from services.relay.mark import RelayMark, holder, low_mark

EVENTS, READS = TopicInfo("one", 12), TopicInfo("two", 3)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture
def mark(store: str) -> Iterator[RelayMark]:
    with closing(RelayMark(store)) as mark:
        yield mark


def test_a_store_that_was_never_relayed_says_nothing_is_on_the_bus(mark: RelayMark) -> None:
    assert mark.saved() == {}
    assert low_mark(mark.database) == 0


def test_what_is_saved_is_read_again(store: str, mark: RelayMark) -> None:
    mark.save({"events": EVENTS, "reads": READS}, 40)
    mark.save({"events": EVENTS, "reads": READS}, 41)

    with closing(RelayMark(store)) as another:
        assert another.saved() == {"events": (EVENTS, 41), "reads": (READS, 41)}


def test_the_low_mark_is_that_of_the_topic_furthest_behind(mark: RelayMark) -> None:
    mark.save({"events": EVENTS}, 40)
    mark.save({"reads": READS}, 12)

    assert low_mark(mark.database) == 12


def test_a_topic_that_is_further_does_not_go_back_while_another_one_is_filled(
    mark: RelayMark,
) -> None:
    mark.save({"events": EVENTS}, 40)
    mark.save({"events": EVENTS, "public": READS}, 12)

    assert mark.saved() == {"events": (EVENTS, 40), "public": (READS, 12)}


def test_a_topic_that_was_made_anew_is_accepted_with_nothing_on_it(mark: RelayMark) -> None:
    mark.save({"events": EVENTS, "reads": READS}, 40)

    mark.accept({"events": TopicInfo("three", 5)})

    assert mark.saved() == {"events": (("three", 5), 0), "reads": (READS, 40)}


def test_who_holds_the_lock_can_be_asked(store: str, mark: RelayMark) -> None:
    assert holder(mark.database) is None

    with mark.held(Event(), "host:7"), closing(RelayMark(store)) as another:
        assert holder(another.database) == "host:7"
        with another.held(Event(), "host:8", patience=0.1) as held:
            assert not held
        assert holder(another.database) == "host:7"
    mark.close()

    with closing(RelayMark(store)) as another:
        assert eventually_free(another)


def eventually_free(mark: RelayMark) -> bool:
    with mark.held(Event(), patience=20) as held:
        return held


def test_a_second_relay_waits_until_the_first_one_is_gone(store: str, mark: RelayMark) -> None:
    first_is_gone = Event()
    seen: list[bool] = []

    def second() -> None:
        with closing(RelayMark(store)) as another, another.held(Event()) as held:
            seen.append(held and first_is_gone.is_set())

    with mark.held(Event()) as held:
        assert held
        waiting = Thread(target=second)
        waiting.start()
        waiting.join(timeout=0.6)
        assert seen == []
        first_is_gone.set()
    mark.close()
    waiting.join()

    assert seen == [True]


def test_a_relay_that_waits_can_be_stopped(store: str, mark: RelayMark) -> None:
    stop = Event()

    with mark.held(Event()), closing(RelayMark(store)) as another:
        stop.set()
        with another.held(stop) as held:
            assert not held
