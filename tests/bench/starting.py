"""P19: how long the command line takes to start, and what an idle server holds in memory."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.config import Settings
from services.deployment import Deployment
from tests.bench.harness import Figure, alone, beside, cost, interleaved, within
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench
from tests.bench.servers import LONGCASE, longcase

NOTHING: Final = [sys.executable, "-c", "pass"]
SETTLED: Final = 1.0
"""Seconds after the first answer in which a server's memory settles."""

HINT: Final = "imports: the web framework, pydantic's models, the drivers"


def processes(bench: Bench) -> Iterator[Figure]:
    """P19: seconds of ``longcase --help``; MB of ``longcase run``, empty and with a history."""
    works = [lambda: _help, lambda: _nothing]
    took = interleaved(works, rounds=bench.rounds, by=cost)
    ours, python = ([us / 1e6 for us in found] for found in took)
    yield beside(
        "P19", "longcase --help, by a bare start of Python", ours, python, reach=within(0.3),
        unit="s", hint="imports: see python -X importtime",
    )  # fmt: skip
    empty = [_memory(bench.places.root / f"idle-{n}") for n in range(bench.rounds - 2)]
    name = "longcase run, idle and empty"
    yield alone("P19", name, empty, unit="MB", reach=within(120), hint=HINT)
    count = bench.size(100_000, 4_000)
    full = [_memory(with_history(bench.places.root / "full", count))]
    name = f"longcase run, after folding {count:,} events"
    yield alone("P19", name, full, unit="MB", reach=within(250), hint=HINT)


def with_history(home: Path, count: int, of: int = 100) -> Path:
    """Record events that no read model has seen."""
    with Deployment(Settings(home=home)) as deployment:
        record(deployment.desk, companies(of))
        record(deployment.desk, reports(count, of=of))
    return home


def _help() -> int:
    subprocess.run([*LONGCASE, "--help"], check=True, stdout=subprocess.DEVNULL)
    return 1


def _nothing() -> int:
    subprocess.run(NOTHING, check=True)
    return 1


def _memory(home: Path) -> float:
    """Run a server in *home* until it answers, and say how many MB it holds."""
    with longcase(home) as server:
        time.sleep(SETTLED)
        status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(r"VmRSS:\s*(\d+) kB", status)
    assert found
    return int(found[1]) / 1024
