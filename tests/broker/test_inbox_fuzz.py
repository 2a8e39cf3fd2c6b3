"""A flood of mangled records among good ones: each is recorded once, or rejected, and none lost."""

from functools import partial
from random import Random

import pytest

from services.inbox.taking import UNDECIDABLE
from tests.broker.deployed import Deployed, eventually, stopped
from tests.broker.inboxes import (
    begun,
    is_done,
    place,
    read_inbox,
    recorded,
    rejects,
    send,
    start,
    take_all,
)
from tests.inboxes import beginning
from tests.mangling import good, mangled

pytestmark = pytest.mark.broker

SEED = 8321


@pytest.mark.parametrize("count", [2_000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_of_mangled_records_each_is_recorded_once_or_rejected(
    deployed: Deployed, count: int
) -> None:
    begun(deployed)
    random = Random(SEED)
    records = good(random, count)
    spoiled = {n for n in range(count) if random.random() < 0.5}
    sent = [mangled(random, r) if n in spoiled else r for n, r in enumerate(records)]
    sent = [r if r.value is not None or r.key is not None else r._replace(key=b"") for r in sent]

    places = send(deployed, sent)
    take_all(deployed)

    found = rejects(deployed)
    rejected = {place(said) for _, said in found}
    assert len(rejected) == len(found)
    assert all(said["reason"] and said["code"] != UNDECIDABLE for _, said in found)
    assert rejected <= {places[n] for n in spoiled}
    assert len(rejected) > count // 5
    assert recorded(deployed).total() == len(beginning()) + count - len(rejected)
    assert recorded(deployed).most_common(1)[0][1] == 1
    originals = read_inbox(deployed)
    for reject, said in found:
        original = originals[place(said)]
        assert reject[1:3] == original[1:3]
        assert reject.headers[: len(original.headers)] == original.headers


def test_kills_in_the_middle_of_a_flood_change_nothing(deployed: Deployed) -> None:
    begun(deployed)
    random = Random(SEED + 1)
    records = good(random, 6_000)
    bad = [r._replace(value=b"{") for r in records[::20]]
    for n in range(4):
        send(deployed, [*records[n::4], *bad[n::4]])

    for _ in range(4):
        goal = recorded(deployed).total() + 1
        process = start(deployed)
        assert eventually(partial(_has, deployed, goal))
        process.kill()
    last = start(deployed)
    assert eventually(lambda: is_done(deployed))

    assert recorded(deployed).total() == len(beginning()) + len(records)
    assert len(rejects(deployed)) == len({place(said) for _, said in rejects(deployed)})
    assert len(rejects(deployed)) == len(bad)
    assert stopped(last) == 0


def _has(deployed: Deployed, goal: int) -> bool:
    return recorded(deployed).total() >= goal or is_done(deployed)
