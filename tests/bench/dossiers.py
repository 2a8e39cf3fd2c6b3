"""P13 and P14: the ten-second card, and a company's dossier as of an instant long gone."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Final

from domain.values import everything, micros
from projections import dossier
from projections.dossier.fold import fold
from services.briefings import Briefings
from services.catalogue import PROJECTIONS
from services.deployment import Deployment
from services.feed import opened
from services.security import local
from tests.bench.account import CUSTOMER, START, STEP, heard, lifetime
from tests.bench.client import Client
from tests.bench.harness import (
    Figure,
    Prepare,
    alone,
    at_least,
    at_most,
    beside,
    cost,
    interleaved,
    within,
)
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench, Engine
from tests.bench.servers import longcase

PATH: Final = f"/v1/companies/{CUSTOMER}/briefing"
CARDS: Final = 60
"""Cards of one round; the slowest but three of them is the 95th of a hundred."""

INSTANTS: Final = 20
READ: Final = ("directory", "dossier")
"""The read models that are asked."""

EYES: Final = everything()
HINT: Final = "each card is on record before it is given: a durable commit"


def cards_and_instants(bench: Bench) -> Iterator[Figure]:
    """P13 and P14, for one company as its history grows a hundredfold."""
    sizes = (1_000, bench.size(10_000, 2_000), bench.size(100_000, 20_000))
    for engine in bench.places.engines:
        few, some, many = (_with_history(bench, engine, size) for size in sizes)
        yield from _cards_over_http(bench, engine, some, sizes[1])
        took = interleaved([_cards(few), _cards(many)], rounds=bench.rounds, by=cost)
        yield beside("P13", f"card, {sizes[2]:,} events by {sizes[0]:,}, {engine}", took[1],
                     took[0], reach=at_most(1.3), unit="µs",
                     hint="what has a history of its own: versions, people, worth")  # fmt: skip
        yield from _instants_of(bench, engine, few, many, sizes[2])


def _cards_over_http(
    bench: Bench, engine: Engine, company: Deployment, size: int
) -> Iterator[Figure]:
    """Ask for cards of a server, access check and read audit included."""
    company.catch_up()
    where = company.settings
    with longcase(where.home, store=where.store, read_models=where.read_models) as server:
        client = Client(server, PATH)
        client.get()
        for name, load in (("idle otherwise", nullcontext()), ("under load", _load(company))):
            with load:
                p95 = [_slow(client.get) for _ in range(bench.rounds)]
            yield alone("P13", f"card over HTTP, {size:,} events, {engine}, p95, {name}", p95,
                        unit="ms", reach=within(100), hint=HINT)  # fmt: skip


def _instants_of(
    bench: Bench, engine: Engine, few: Deployment, many: Deployment, size: int
) -> Iterator[Figure]:
    """Read as of random instants, beside folding everything, and beside a young company."""
    took = interleaved([_instants(few), _instants(many)], rounds=bench.rounds, by=cost)
    (whole,) = interleaved([_fold(many)], rounds=3, by=cost)
    yield beside("P14", f"a full fold of {size:,} events by as of a random instant, {engine}",
                 whole, took[1][:3], reach=at_least(100), unit="µs",
                 hint="reading and opening the events since the checkpoint")  # fmt: skip
    yield beside("P14", f"as of a random instant, {size:,} events by 1,000, {engine}", took[1],
                 took[0], reach=at_most(2), unit="µs", hint="longer histories in it")  # fmt: skip
    slowest = [max(figures) / 1000 for figures in zip(*took, strict=True)]
    yield alone("P14", f"as of a random instant, {engine}", slowest, unit="ms",
                reach=within(500))  # fmt: skip


@contextmanager
def _load(deployment: Deployment) -> Iterator[None]:
    """Record events of six companies meanwhile, one of them the one that is read."""
    ended, rounds = threading.Event(), [0]

    def work() -> None:
        record(deployment.desk, companies(5))
        while not ended.wait(0.02):
            others = reports(12, of=5, start=12 * rounds[0])
            record(deployment.desk, [*others, heard(rounds[0])])
            rounds[0] += 1

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(10)
    assert rounds[0] > 0


def _slow(ask: Callable[[], object]) -> float:
    """Say how many milliseconds the slowest but three of some cards took."""
    taken = []
    for _ in range(CARDS):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)[-4]


def _cards(deployment: Deployment) -> Prepare:
    def work() -> int:
        for _ in range(CARDS):
            read = Briefings(deployment, local())
            read.shown(read.briefing(CUSTOMER))
        return CARDS

    return lambda: work


def _instants(deployment: Deployment) -> Prepare:
    """Ask as of random times, every second time also as known at a random position."""
    read, head = Briefings(deployment, local()), deployment.log.head()
    chance = random.Random(head)

    def work() -> int:
        for number in range(INSTANTS):
            moment = START + chance.randrange(head) * STEP
            known = chance.randrange(1, head) if number % 2 else None
            dossier.of(read.past(), EYES, CUSTOMER, micros(moment), known)
        return INSTANTS

    return lambda: work


def _fold(deployment: Deployment) -> Prepare:
    def work() -> int:
        rows = deployment.log.all_of_company(CUSTOMER)
        events = sorted(opened(rows, deployment.keyring), key=lambda each: each.happened)
        assert fold(events, EYES).document
        return 1

    return lambda: work


def _with_history(bench: Bench, engine: Engine, size: int) -> Deployment:
    """Record a company's history, and build from it the read models that are asked."""
    deployment = bench.places.deployment(engine)
    record(deployment.desk, lifetime(size))
    for name in READ:
        deployment.rebuilder.rebuild(PROJECTIONS[name])
    return deployment
