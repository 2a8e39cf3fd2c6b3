"""P19: how long the command line takes to start, and what an idle server holds in memory."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.harness import Figure, alone, beside, cost, interleaved, within
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench

LONGCASE: Final = [
    sys.executable,
    "-c",
    "import sys; from services.cli import main; sys.exit(main())",
]
"""What the installed script does."""

NOTHING: Final = [sys.executable, "-c", "pass"]
SETTLED: Final = 2.0
"""Seconds after the first answer in which a server's memory settles."""


def processes(bench: Bench) -> Iterator[Figure]:
    """P19: seconds of ``longcase --help``; MB of ``longcase run``, empty and with a history."""
    works = [lambda: _help, lambda: _nothing]
    took = [
        [us / 1e6 for us in found] for found in interleaved(works, rounds=bench.rounds, by=cost)
    ]
    yield beside(
        "P19", "longcase --help, by a bare start of Python", *took, reach=within(0.3), unit="s",
        hint="imports: python -X importtime -m services.cli --help",
    )  # fmt: skip
    empty = [_memory(bench.places.root / f"idle-{n}") for n in range(bench.rounds - 2)]
    hint = "imports of the web framework, of pydantic's models and of the drivers"
    yield alone(
        "P19", "longcase run, idle and empty", empty, unit="MB", reach=within(120), hint=hint
    )
    count = bench.size(100_000, 4_000)
    full = [_memory(_with_history(bench, count))]
    name = f"longcase run, after folding {count:,} events"
    yield alone("P19", name, full, unit="MB", reach=within(250), hint=hint)


def _help() -> int:
    subprocess.run([*LONGCASE, "--help"], check=True, stdout=subprocess.DEVNULL)
    return 1


def _nothing() -> int:
    subprocess.run(NOTHING, check=True)
    return 1


def _with_history(bench: Bench, count: int) -> Path:
    """Record events that no read model has seen."""
    from services.config import Settings
    from services.deployment import Deployment

    home = bench.places.root / "full"
    with Deployment(Settings(home=home)) as deployment:
        record(deployment.desk, companies(100))
        record(deployment.desk, reports(count, of=100))
    return home


def _memory(home: Path) -> float:
    """Run a server in *home* until it answers, and say how many MB it holds."""
    with _running(home) as server:
        time.sleep(SETTLED)
        status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(r"VmRSS:\s*(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


@contextmanager
def _running(home: Path) -> Iterator["subprocess.Popen[str]"]:
    env = {**os.environ, "LONGCASE_HOME": str(home)}
    command = [*LONGCASE, "run", "--port", "0", "--no-progress"]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        try:
            if not any("Ctrl-C ends" in line for line in server.stdout):
                assert server.stderr
                raise RuntimeError(f"longcase run ended: {server.stderr.read()[-500:]}")
            yield server
        finally:
            server.terminate()
