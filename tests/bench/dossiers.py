"""P13 and P14: the ten-second card, and a company's dossier as of an instant long gone."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Final

from domain.values import everything, micros
from projections import dossier
from projections.dossier.fold import fold
from services.briefings import Briefings
from services.deployment import Deployment
from services.feed import opened
from services.security import local
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
from tests.bench.history import START, companies, one_ticket, record, reports
from tests.bench.places import Bench

COMPANY: Final = "c-0"
CARDS: Final = 40
"""Cards of one round; the slowest but two of them is the 95th of a hundred."""

INSTANTS: Final = 20
OPEN: Final = 20
TALK: Final = 10
"""Open tickets of the company, and what was said on each."""

LATER: Final = 6_000_000
"""The first event of the load, a whole number of tickets later than all others."""

EYES: Final = everything()
HINT: Final = "each card is on record before it is given: a durable commit"


def cards(bench: Bench) -> Iterator[Figure]:
    """P13: a company's card through the one service, access check and read audit included."""
    sizes = (1_000, 10_000, bench.size(100_000, 20_000))
    parts = [_with_history(bench, size) for size in sizes]
    for name, load in (("idle otherwise", nullcontext()), ("under load", _load(parts[1]))):
        with load:
            p95 = [_slow(parts[1]) for _ in range(bench.rounds)]
        yield alone("P13", f"card of a company of 10,000 events, p95, {name}", p95, unit="ms",
                    reach=within(100), hint=HINT)  # fmt: skip
    few, many = interleaved([_cards(parts[0]), _cards(parts[2])], rounds=bench.rounds, by=cost)
    yield beside("P13", f"card, {sizes[2]:,} events by {sizes[0]:,}", many, few,
                 reach=at_most(1.3), unit="µs", hint="open tickets on the card")  # fmt: skip


def instants(bench: Bench) -> Iterator[Figure]:
    """P14: a dossier as of random instants, beside folding everything until then."""
    sizes = (1_000, bench.size(100_000, 20_000))
    few, many = (_with_history(bench, size) for size in sizes)
    took = interleaved(
        [_instants(few, sizes[0]), _instants(many, sizes[1])], rounds=bench.rounds, by=cost
    )
    whole = interleaved([_fold(many)], rounds=min(3, bench.rounds), by=cost)[0]
    length = min(len(took[1]), len(whole))
    yield beside("P14", f"a full fold of {sizes[1]:,} events by as of a random instant",
                 whole[:length], took[1][:length], reach=at_least(100), unit="µs",
                 hint="reading and opening the events since the checkpoint")  # fmt: skip
    yield beside("P14", f"as of a random instant, {sizes[1]:,} events by {sizes[0]:,}", took[1],
                 took[0], reach=at_most(2), unit="µs", hint="deeper index pages")  # fmt: skip


@contextmanager
def _load(deployment: Deployment) -> Iterator[None]:
    """Record and fold tickets of five companies meanwhile, 600 events a second at most."""
    ended, recorded = threading.Event(), [0]

    def work() -> None:
        while not ended.wait(0.02):
            record(deployment.desk, reports(12, of=5, start=LATER + recorded[0]))
            deployment.projector.catch_up()
            recorded[0] += 12

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(10)
    assert recorded[0] > 0


def _slow(deployment: Deployment) -> float:
    """Say how many milliseconds the slowest but two of some cards took."""
    taken = []
    for _ in range(CARDS):
        began = time.perf_counter()
        _card(deployment)
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)[-3]


def _cards(deployment: Deployment) -> Prepare:
    def work() -> int:
        for _ in range(CARDS):
            _card(deployment)
        return CARDS

    return lambda: work


def _card(deployment: Deployment) -> None:
    read = Briefings(deployment, local())
    read.shown(read.briefing(COMPANY))


def _instants(deployment: Deployment, size: int) -> Prepare:
    read, chance = Briefings(deployment, local()), random.Random(size)

    def work() -> int:
        for _ in range(INSTANTS):
            moment: datetime = START + timedelta(seconds=chance.randrange(size))
            dossier.of(read.past(), EYES, COMPANY, micros(moment))
        return INSTANTS

    return lambda: work


def _fold(deployment: Deployment) -> Prepare:
    def work() -> int:
        rows = deployment.log.all_of_company(COMPANY)
        events = sorted(opened(rows, deployment.keyring), key=lambda each: each.happened)
        assert fold(events, EYES).document
        return 1

    return lambda: work


def _with_history(bench: Bench, size: int) -> Deployment:
    deployment = bench.places.deployment("sqlite")
    record(deployment.desk, companies(5))
    for number in range(OPEN):
        record(deployment.desk, one_ticket(TALK, f"O-{number}"))
    record(deployment.desk, reports(size - OPEN * TALK, of=1))
    deployment.catch_up()
    return deployment
