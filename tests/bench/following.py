"""P10: how soon what was recorded can be read, in one process."""

import threading
import time
from collections.abc import Iterator
from typing import Final

from services.catalogue import PROJECTIONS
from services.deployment import Deployment
from services.desk import Desk
from tests.bench.harness import Figure, alone, within
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench

LOOK: Final = 0.0002
"""Seconds between two looks of the reader."""

REST: Final = 0.01
"""Seconds between two events: the projector sleeps again by then."""


def visible(bench: Bench) -> Iterator[Figure]:
    """P10: from the answer of the desk until the timeline shows the event."""
    for engine in bench.places.engines:
        deployment = bench.places.deployment(engine)
        record(deployment.desk, companies(10))
        follower = threading.Thread(target=deployment.projector.follow, daemon=True)
        follower.start()
        count = bench.size(200, 50)
        rounds = [_round(deployment, n * count, count) for n in range(bench.rounds)]
        other = Desk(deployment.settings.store, deployment.control, deployment.keyring)
        apart = [
            _round(deployment, n * count, count, other)
            for n in range(bench.rounds, bench.rounds * 2)
        ]
        deployment.projector.stop()
        follower.join()
        yield from _told(f"commit → visible, {engine}", rounds, limit=20)
        yield from _told(f"commit elsewhere → visible, {engine}", apart, limit=None)


def _told(name: str, rounds: list[list[float]], limit: float | None) -> Iterator[Figure]:
    hint = "four projections, a commit each; on a busy machine the wait for a core"
    reach = within(limit) if limit else None
    middles = [found[len(found) // 2] for found in rounds]
    tails = [found[int(len(found) * 0.99)] for found in rounds]
    yield alone("P10", f"{name}, p50", middles, unit="ms")
    yield alone("P10", f"{name}, p99", tails, unit="ms", reach=reach, hint=hint)


def _round(
    deployment: Deployment, start: int, count: int, elsewhere: Desk | None = None
) -> list[float]:
    """Record events one by one and wait for each; return how long it took, ordered."""
    took = []
    for report in reports(count, start=start):
        (receipt,) = (elsewhere or deployment.desk).record([report])
        committed = time.perf_counter()
        if elsewhere is None:
            deployment.projector.wake()
        assert receipt.last_position
        _wait_for(deployment, receipt.last_position)
        took.append((time.perf_counter() - committed) * 1000)
        time.sleep(REST)
    return sorted(took)


def _wait_for(deployment: Deployment, position: int) -> None:
    """Look until the entry is there, as a reader with a connection of its own."""
    view = deployment.models.view(PROJECTIONS["timeline"])
    while view.one("SELECT 1 FROM {entries} WHERE position = ?", (position,)) is None:
        time.sleep(LOOK)
