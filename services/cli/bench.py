"""`longcase bench`: measure this machine."""

import subprocess
import sys
from pathlib import Path

from services.cli.errors import Usage


def bench(*, quick: bool = False) -> int:
    """Measure this machine, beside baselines.

    Appends, projections, pages and replays.  Works in a checkout of longcase; the results go
    to bench/results.json.

    Args:
        quick: Measure less, in a minute.
    """
    root = Path(__file__).parents[2]
    if not (root / "tests" / "bench").exists() and not (root / "tests" / "bench.py").exists():
        raise Usage("the measurements come with a checkout of longcase: there, type make bench")
    command = [sys.executable, "-m", "tests.bench", *(["--quick"] if quick else [])]
    return subprocess.run(command, cwd=root, check=False).returncode
