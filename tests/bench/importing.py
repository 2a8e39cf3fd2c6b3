"""P4: a real log, from the file to the last read model."""

import csv
import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from projections.database import Database
from projections.timeline import timeline
from services.config import Settings
from services.deployment import Deployment
from services.sample import UCI
from tests.bench import baselines
from tests.bench.harness import Figure, Prepare, Work, at_least, at_most, beside, rate
from tests.bench.places import Bench
from tests.bench.projecting import ready_rows

WHOLE: Final = Path(__file__).parents[3] / "shared/data/servicenow-uci498/incident_event_log.csv.gz"
"""UCI 498, where it lies beside the project; else a part of it that ships with longcase."""

IMPORT: Final = [
    sys.executable, "-c", "import sys; from services.cli import main; sys.exit(main())",
    "import", "--mapping", "servicenow-uci498", "--no-progress",
]  # fmt: skip

WATCHED: Final = [sys.executable, "-c", """
import resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
seconds = time.perf_counter() - began
print(code, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""]  # fmt: skip
"""Runs a command and tells its code, its seconds and its peak in kilobytes.

A process counts as its own what the one that started it had in memory: here that is little.
"""


class Run(NamedTuple):
    """One run of ``longcase import``; the memory is that of the larger of its two processes."""

    seconds: float
    megabytes: float


def imports(bench: Bench) -> Iterator[Figure]:
    """P4: ``longcase import`` beside the bare insert of the same events and timeline rows."""
    log = WHOLE if WHOLE.exists() and not bench.quick else Path(str(UCI))
    runs, floors = [], []
    home = _imported(bench, log, "first")[1]
    deployment = Deployment(Settings(home=home))
    floor = _floor(bench, deployment)
    for turn in range(bench.rounds - 2):
        run, _ = _imported(bench, log, f"turn-{turn}")
        runs.append(run)
        floors.append(rate(floor()))
    events = deployment.log.head()
    deployment.close()
    name = "all of UCI 498" if log == WHOLE else "the sample of UCI 498"
    yield beside(
        "P4", f"import {name}, by a bare insert", [events / run.seconds for run in runs], floors,
        reach=at_least(0.2), unit="events/s", hint="deciding and sealing, then four projections",
    )  # fmt: skip
    yield from _memory(bench, log, runs)


def _memory(bench: Bench, log: Path, runs: list[Run]) -> Iterator[Figure]:
    """Compare the peak of the whole with that of a quarter of it: it should not grow."""
    part = bench.places.root / "quarter.csv"
    with gzip.open(log, "rt", newline="") as rows, part.open("w", newline="") as quarter:
        lines = list(csv.reader(rows))
        csv.writer(quarter).writerows(islice(lines, len(lines) // 4))
    small = [_imported(bench, part, f"part-{n}")[0].megabytes for n in range(len(runs))]
    large = [run.megabytes for run in runs]
    yield beside(
        "P4", "peak memory of the import, by that of a quarter of it", large, small,
        reach=at_most(1.25), unit="MB", hint="what grows is the aggregates kept in memory",
    )  # fmt: skip


def _imported(bench: Bench, log: Path, name: str) -> tuple[Run, Path]:
    home = bench.places.root / f"import-{log.name[:4]}-{name}"
    env = {**os.environ, "LONGCASE_HOME": str(home)}
    done = subprocess.run(
        [*WATCHED, *IMPORT, str(log)], env=env, stdout=subprocess.PIPE, check=True, text=True
    )
    code, seconds, kilobytes = done.stdout.split()
    if code not in ("0", "3"):
        raise RuntimeError(f"longcase import ended with {code}")
    return Run(float(seconds), int(kilobytes) / 1024), home


def _floor(bench: Bench, deployment: Deployment) -> Prepare:
    rows = baselines.whole(deployment.log)
    commits = baselines.commits(rows, baselines.GROUP)
    tables = ready_rows(deployment)

    def prepare() -> Work:
        store = baselines.store(bench.places.url("sqlite"))
        database = Database(bench.places.url("sqlite"))
        timeline.view(database, 1).create()

        def work() -> int:
            for commit in commits:
                store.append(commit)
            baselines.insert_tables(database, tables)
            return len(rows)

        return work

    return prepare
