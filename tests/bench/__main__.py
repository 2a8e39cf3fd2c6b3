"""`python -m tests.bench`: measure, print a table, write ``bench/results.json``."""

import argparse
import gc
import sys
import time
from pathlib import Path
from typing import Final

from services.cli import COLLECTED
from tests.bench import report
from tests.bench.harness import Figure
from tests.bench.machine import facts
from tests.bench.places import Bench, places
from tests.bench.plan import PLAN

RESULTS: Final = Path("bench/results.json")


def main() -> int:
    """Run the benches that were asked for."""
    asked = _arguments()
    gc.set_threshold(COLLECTED)  # as in every process of ours; it helps the baselines too
    wanted = set(asked.only.upper().split(",")) if asked.only else set(PLAN)
    if unknown := wanted - set(PLAN):
        print(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(PLAN)}")
        return 2
    began = time.monotonic()
    with places(postgres=not asked.no_postgres) as found:
        machine = facts(found.root, found.postgres)
        print(_told(machine), report.HEAD, sep="\n", flush=True)
        figures = _measured(Bench(found, quick=asked.quick), wanted)
    seconds = round(time.monotonic() - began)
    print(f"\n{report.summary(figures)}, in {seconds} s")
    if not asked.only:
        head = {"quick": asked.quick, "seconds": seconds, "machine": machine}
        report.write(RESULTS, head, figures)
    elif asked.again:
        report.replace(RESULTS, figures)
    return 0


def _measured(bench: Bench, wanted: set[str]) -> list[Figure]:
    figures: list[Figure] = []
    for name, measures in PLAN.items():
        if name not in wanted:
            continue
        for measure in measures:
            for figure in measure(bench):
                print(report.line(figure), flush=True)
                figures.append(figure)
    return figures


def _told(machine: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in machine.items() if value is not None)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller histories")
    parser.add_argument("--only", metavar="P5,P8", help="only these; results are not written")
    parser.add_argument(
        "--again", action="store_true", help="write those of --only, among the rest"
    )
    parser.add_argument("--no-postgres", action="store_true", help="SQLite alone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
