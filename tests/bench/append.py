"""P1 to P3: recording."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from services.store import Row
from services.wire import Report
from tests.bench import baselines, library
from tests.bench.harness import Figure, Prepare, Work, at_least, compare
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench, Engine, Places

T = TypeVar("T")

FIRST: Final = {"sqlite": at_least(0.6), "postgresql": at_least(1.2)}
MANY: Final = {"sqlite": at_least(0.5), "postgresql": at_least(0.5)}
WRITERS: Final = 8
COURSE: Final = 6
"""Events of a ticket, which one writer reports one after the other."""

HINT: Final = (
    "the rest is deciding, sealing and encoding: see where the time goes, docs/performance.md"
)


def one_a_commit(bench: Bench) -> Iterator[Figure]:
    """P1: one event a commit, beside the library's recorder, which inserts the same bytes."""
    for engine in bench.places.engines:
        count = bench.size(1_500, 300)
        yield compare(
            "P1", f"append, 1 a commit, {engine}, by the library's recorder",
            _ours(bench.places, engine, 1, count), _library(bench.places, engine, count),
            rounds=bench.rounds, reach=FIRST[engine], hint=HINT,
        )  # fmt: skip
        yield compare(
            "P1", f"append, 1 a commit, {engine}, by a bare insert",
            _ours(bench.places, engine, 1, count), _bare(bench.places, engine, 1, count),
            rounds=bench.rounds, reach=None,
        )  # fmt: skip


def twenty_a_commit(bench: Bench) -> Iterator[Figure]:
    """P2: twenty events a commit, beside one statement for each table."""
    for engine in bench.places.engines:
        count = bench.size(10_000, 2_000)
        yield compare(
            "P2", f"append, 20 a commit, {engine}, by a bare insert",
            _ours(bench.places, engine, 20, count), _bare(bench.places, engine, 20, count),
            rounds=bench.rounds, reach=MANY[engine], hint=HINT,
        )  # fmt: skip


def eight_writers(bench: Bench) -> Iterator[Figure]:
    """P3: eight threads that report one event at a time, sharing commits."""
    if "postgresql" not in bench.places.engines:
        return
    count = bench.size(4_000, 800)
    yield compare(
        "P3", "append, 8 writers, postgresql, by the library's recorder",
        _ours_together(bench.places, count), _library_together(bench.places, count),
        rounds=bench.rounds, reach=at_least(3), hint=HINT,
    )  # fmt: skip


def rows(places: Places, count: int) -> list[Row]:
    """Record *count* events once and read them back: the rows that both sides write."""
    deployment = places.deployment("sqlite")
    deployment.desk.record(companies(10))
    record(deployment.desk, reports(count))
    return baselines.whole(deployment.log, after=10)


def _ours(places: Places, engine: Engine, size: int, count: int) -> Prepare:
    def prepare() -> Work:
        desk = places.deployment(engine).desk
        desk.record(companies(10))
        made = list(reports(count))
        desk.record(list(reports(size, start=count)))  # statements are prepared by now

        def work() -> int:
            for start in range(0, count, size):
                desk.record(made[start : start + size])
            return count

        return work

    return prepare


def _library(places: Places, engine: Engine, count: int) -> Prepare:
    events = library.stored(rows(places, count))

    def prepare() -> Work:
        recorder = library.recorder(places.url(engine))

        def work() -> int:
            for event in events:
                recorder.insert_events([event])
            return count

        return work

    return prepare


def _bare(places: Places, engine: Engine, size: int, count: int) -> Prepare:
    ready = baselines.commits(rows(places, count), size)

    def prepare() -> Work:
        store = baselines.store(places.url(engine))

        def work() -> int:
            for commit in ready:
                store.append(commit)
            return count

        return work

    return prepare


def _ours_together(places: Places, count: int) -> Prepare:
    def prepare() -> Work:
        desk = places.deployment("postgresql").desk
        desk.record(companies(10))
        shares = _shares(list(reports(count)))

        def write(share: Sequence[Report]) -> None:
            for report in share:
                desk.record([report])

        return lambda: _together(write, shares, count)

    return prepare


def _library_together(places: Places, count: int) -> Prepare:
    events = library.stored(rows(places, count))

    def prepare() -> Work:
        recorder = library.recorder(places.url("postgresql"))

        def write(share: Sequence[object]) -> None:
            for event in share:
                recorder.insert_events([event])

        return lambda: _together(write, _shares(events), count)

    return prepare


def _shares(things: Sequence[T]) -> list[list[T]]:
    """Give each writer whole tickets."""
    shares: list[list[T]] = [[] for _ in range(WRITERS)]
    for number, thing in enumerate(things):
        shares[number // COURSE % WRITERS].append(thing)
    return shares


def _together(
    write: Callable[[Sequence[T]], None], shares: Sequence[Sequence[T]], count: int
) -> int:
    threads = [threading.Thread(target=write, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count
