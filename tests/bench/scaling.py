"""P20: four instances of a projector beside one, and what one event costs from end to end."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from projections.timeline import timeline
from services import heartbeat
from services.bus import Brokers, Topics
from services.decisions import Decisions
from services.deployment import Deployment
from services.projector import worker_of
from services.relay import republish
from tests.bench.harness import Figure, alone, beside
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench
from tests.bench.relaying import broker, new_topics

MANY: Final = 4
LOOK: Final = 0.01
TICK: Final = os.sysconf("SC_CLK_TCK")


def shared(bench: Bench) -> Iterator[Figure]:
    """P20: the same backlog, folded by one process and by four that share its partitions."""
    if not bench.places.postgres:
        return
    count = bench.size(24_000, 6_000)
    costs: dict[str, list[float]] = {"append": [], "relay": [], "timeline projector": []}
    with broker(bench.places) as brokers:
        rates: dict[int, list[float]] = {1: [], MANY: []}
        for _ in range(bench.size(3, 1)):  # most of a round is the start of processes
            for instances, found in rates.items():
                rate, spent = _round(bench, brokers, count, instances)
                found.append(rate)
                if instances == 1:
                    for what, cost in spent.items():
                        costs[what].append(cost)
    yield beside(
        "P20", f"timeline projector, postgresql, {MANY} instances, by one",
        rates[MANY], rates[1], reach=None, unit="events/s",
    )  # fmt: skip
    for what, found in costs.items():
        name = f"CPU of one event, postgresql: {what}"
        yield alone("P20", name, found, unit="µs")


def _round(
    bench: Bench, brokers: Brokers, count: int, instances: int
) -> tuple[float, dict[str, float]]:
    """Fold a backlog: events a second, and µs of our processes' CPU for each step of an event."""
    deployment = bench.places.deployment("postgresql")
    topics, _ = new_topics(brokers)
    decisions = Decisions(deployment.control)
    decisions.pause(timeline.name, "bench")
    with _at_work(deployment, brokers, topics, instances) as pids:
        made = [*companies(100), *reports(count, of=100)]
        appended = _cpu(lambda: record(deployment.desk, made))
        relayed = _cpu(lambda: republish(deployment.settings.store, brokers, topics))
        before = sum(map(_spent, pids))
        began = time.perf_counter()
        decisions.resume(timeline.name)
        _until(lambda: _folded(deployment) == len(made))
        seconds = time.perf_counter() - began
        folded = sum(map(_spent, pids)) - before
    spent = {"append": appended, "relay": relayed, "timeline projector": folded}
    return len(made) / seconds, {what: each * 1e6 / len(made) for what, each in spent.items()}


@contextmanager
def _at_work(
    deployment: Deployment, brokers: Brokers, topics: Topics, instances: int
) -> Iterator[list[int]]:
    """Run so many projectors, and wait until all of them have joined."""
    settings = deployment.settings.model_copy(update={"kafka": brokers.servers})
    environment = {**os.environ, **settings.environment()}
    command = [sys.executable, "-m", "tests.broker.running", timeline.name, topics.prefix]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        for _ in range(instances)
    ]
    try:
        _until(lambda: _joined(deployment) == instances)
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def _joined(deployment: Deployment) -> int:
    """Count who has joined and keeps still, as it was told."""
    beats = heartbeat.read(deployment.models.database, worker_of(timeline))
    return sum(beat.state == "paused" for beat in beats)


def _folded(deployment: Deployment) -> int:
    marks = deployment.models.marks(deployment.models.view(timeline))
    return sum(mark.next_offset for part, mark in marks.items() if part >= 0)


def _until(done: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for what another process does.

    Raises:
        TimeoutError: If it takes longer.
    """
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"not done in {seconds:.0f} s")
        time.sleep(LOOK)


def _cpu(work: Callable[[], object]) -> float:
    """Say how many seconds of this process's CPU some work takes."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _spent(pid: int) -> float:
    """Say how many seconds of CPU a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK
