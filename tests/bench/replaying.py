"""P5 and P15: loading a ticket into state, and replaying it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from services.deployment import Deployment
from services.reading import Reading
from services.security import local
from tests.bench import library
from tests.bench.harness import (
    Figure,
    Prepare,
    alone,
    at_least,
    compare,
    cost,
    interleaved,
    within,
)
from tests.bench.history import companies, one_ticket, record
from tests.bench.places import Bench

LONG: Final = 12_000
"""Entries of the longest ticket."""

STEPS: Final = 50
"""Steps of a page of the replay."""

LOADED: Final = "decoding is most of it; the library's replay spends its time in isinstance"
REPLAYED: Final = "every event of the ticket is read and opened before the first step is folded"


def load(bench: Bench) -> Iterator[Figure]:
    """P5: a ticket of 20 and of 2,000 events into state, beside the library's default replay."""
    for length, times, reach in ((20, 200, 3), (2_000, 4, 4)):
        deployment = _with_tickets(bench, length)
        app, ticket = library.ticket_of(bench.places.url("sqlite"), length)
        find, get = deployment.desk.streams.load, app.repository.get
        yield compare(
            "P5", f"load a ticket of {length:,} events, by the library's replay",
            _again(partial(find, f"ticket/T-{length}"), times, length),
            _again(partial(get, ticket), times, length),
            rounds=bench.rounds, reach=at_least(reach), hint=LOADED,
        )  # fmt: skip


def steps(bench: Bench) -> Iterator[Figure]:
    """P15: one step of a long ticket, and pages of steps of short ones."""
    long = bench.size(LONG, LONG // 4)
    deployment = _with_tickets(bench, 20, 2_000, long)

    def page(length: int, first: int, count: int) -> Callable[[], object]:
        def ask() -> object:
            read = Reading(deployment, local())
            return list(read.steps(read.history(f"ticket/T-{length}"), first, count))

        return ask

    for name, ask in (
        (f"one step in the middle of a ticket of {long:,}", page(long, long // 2, 1)),
        (f"the last step of a ticket of {long:,}", page(long, long, 1)),
        ("replay a ticket of 20, all of it", page(20, 1, 20)),
        (f"replay a ticket of 2,000, its last {STEPS} steps", page(2_000, 1_951, STEPS)),
    ):
        (took,) = interleaved([_again(ask, 1, 1)], rounds=bench.rounds + 2, by=cost)
        ms = [us / 1000 for us in took]
        yield alone("P15", name, ms, unit="ms", reach=within(50), hint=REPLAYED)


def _again(ask: Callable[[], object], times: int, length: int) -> Prepare:
    def work() -> int:
        for _ in range(times):
            ask()
        return times * length

    return lambda: work


def _with_tickets(bench: Bench, *lengths: int) -> Deployment:
    """Record a ticket of each of *lengths*, and fold them."""
    deployment = bench.places.deployment("sqlite")
    record(deployment.desk, companies(1))
    for length in lengths:
        record(deployment.desk, one_ticket(length, f"T-{length}"))
    deployment.catch_up()
    return deployment
