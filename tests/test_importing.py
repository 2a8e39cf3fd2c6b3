"""Imports: what was recorded stays, what comes again adds nothing, a stopped one goes on."""

import gzip
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from services.adapters.importing import preview, run_import
from services.config import Settings
from services.deployment import Deployment
from tests.csvlogs import HEADER, ROWS, opened, write_log


def imported(
    longcase: Deployment, folder: Path, rows: str | bytes, first: int | None = None
) -> str:
    """Import a log, or only its first reports, and say what became of them."""
    log, rejects = opened(folder, rows)
    with log:
        log.read()
        summary = run_import(
            islice(log.reports(), first), longcase.desk, rejects=rejects, total=log.total, batch=4
        )
    assert summary.refused == summary.rejected == 0
    return f"{summary.recorded} recorded, {summary.duplicate} duplicate"


def test_an_import_that_was_stopped_goes_on_where_it_ended(tmp_path: Path) -> None:
    with Deployment(Settings(home=tmp_path / "home")) as longcase:
        assert imported(longcase, tmp_path, ROWS, first=6) == "6 recorded, 0 duplicate"
        assert imported(longcase, tmp_path, ROWS) == "3 recorded, 6 duplicate"


def test_a_second_import_adds_nothing_also_of_the_packed_log(tmp_path: Path) -> None:
    packed = gzip.compress((HEADER + ROWS).encode())
    with Deployment(Settings(home=tmp_path / "home")) as longcase:
        assert imported(longcase, tmp_path, ROWS) == "9 recorded, 0 duplicate"
        assert imported(longcase, tmp_path, packed) == "0 recorded, 9 duplicate"


def test_a_log_that_has_grown_adds_what_is_new(tmp_path: Path) -> None:
    grown = ROWS + "T-2,6/11/2026 08:00,mia,Nordlicht,new,high\n"
    with Deployment(Settings(home=tmp_path / "home")) as longcase:
        assert imported(longcase, tmp_path, ROWS) == "9 recorded, 0 duplicate"
        assert imported(longcase, tmp_path, grown) == "1 recorded, 9 duplicate"


def test_a_company_that_is_known_already_is_no_refusal(tmp_path: Path) -> None:
    other = HEADER + "T-7,2/11/2026 09:02,mia,Acme,new,low\n"
    with Deployment(Settings(home=tmp_path / "home")) as longcase:
        imported(longcase, tmp_path, ROWS)

        assert imported(longcase, tmp_path, other.encode()) == "1 recorded, 1 duplicate"


def test_what_the_desk_refuses_goes_to_the_rejects(tmp_path: Path) -> None:
    changed = ROWS.replace("4/11/2026", "4/12/2026")
    with Deployment(Settings(home=tmp_path / "home")) as longcase:
        imported(longcase, tmp_path, ROWS)
        log, rejects = opened(tmp_path, changed)
        with log, rejects:
            log.read()
            summary = run_import(log.reports(), longcase.desk, rejects=rejects)

    assert (summary.refused, summary.duplicate) == (1, 8)
    (entry,) = map(json.loads, (tmp_path / "rejects.jsonl").read_text().splitlines())
    assert entry["code"] == "content-differs"
    assert entry["external_id"].endswith(":T-2:2")


def test_a_dry_run_counts_and_shows_the_first_few(tmp_path: Path) -> None:
    log, _ = opened(tmp_path, ROWS)
    with log:
        log.read()
        seen = preview(log.reports())

    assert seen.total == log.total == 9
    assert seen.by_type["ticket.opened"] == 2
    assert len(seen.examples) == 5


def test_a_dry_run_counts_what_would_be_refused_for_its_time(tmp_path: Path) -> None:
    log, _ = opened(tmp_path, ROWS.replace("5/11/2026", "5/11/2126"))
    with log:
        log.read()
        seen = preview(log.reports())

    assert (seen.total, seen.ahead) == (9, 1)


def test_progress_is_told_from_nothing_to_all(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    log, rejects = opened(tmp_path, ROWS)
    with log, Deployment(Settings(home=tmp_path / "home")) as longcase:
        log.read(lambda done, total: told.append((done, total)))
        assert told[-1][0] == told[-1][1]
        told.clear()
        run_import(
            log.reports(), longcase.desk, rejects=rejects, total=log.total, batch=4,
            progress=lambda done, total: told.append((done, total)),
        )  # fmt: skip

    assert told == [(4, 9), (8, 9), (9, 9)]


ROOT = Path(__file__).parent.parent
RUN = """
import sys
from pathlib import Path
from services.adapters.importing import run_import
from services.config import Settings
from services.deployment import Deployment
from tests.csvlogs import open_log
folder = Path(sys.argv[1])
log, rejects = open_log(folder)
log.read()
with Deployment(Settings(home=folder / "home")) as longcase:
    run_import(log.reports(), longcase.desk, rejects=rejects, batch=50,
               progress=lambda done, total: print(done, flush=True))
"""


@pytest.mark.slow
def test_a_killed_import_leaves_what_it_told_and_the_next_one_adds_the_rest(tmp_path: Path) -> None:
    rows = "".join(f"T-{n},2/11/2026 09:00,mia,Acme,new,1\n" for n in range(3_000))
    write_log(tmp_path, rows)

    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        told = [int(next(process.stdout)) for _ in range(10)][-1]
        process.kill()

    with Deployment(Settings(home=tmp_path / "home")) as longcase:
        said = imported(longcase, tmp_path, rows)
        assert longcase.log.head() == 3_001
    recorded, duplicate = (int(word) for word in said.split() if word.isdigit())
    assert recorded + duplicate == 3_001
    assert told <= duplicate < 3_001
