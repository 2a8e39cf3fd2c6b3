"""Read models that keep up in a process of their own while a command records."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.catalogue import PROJECTIONS
from services.cli.beside import projecting
from services.config import Settings
from services.deployment import Deployment
from services.rebuild import digest
from tests.reports import opened, registered

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) == 1,
    reason="needs a second core",
)

ROOT = Path(__file__).parent.parent
SETTINGS = """
import sys
from pathlib import Path
from projections.timeline import timeline
from services.cli.beside import projecting
from services.config import Settings
from services.deployment import Deployment
from tests.reports import opened, registered, wrote
settings = Settings(home=Path(sys.argv[1]))
with Deployment(settings) as longcase, projecting(settings):
    longcase.desk.record([registered(), opened()])
    for _ in range(50):
        longcase.desk.record([wrote() for _ in range(20)])
"""
WAITING = f"{SETTINGS}    assert longcase.wait_for(timeline, longcase.log.head(), 20)\n"
KILLED = f"{SETTINGS}    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n"


def run(script: str, home: Path) -> int:
    """Run a script that records, and wait for all processes that hold its output."""
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)], cwd=ROOT, check=False, timeout=60,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert done.stderr == b""
    return done.returncode


def digests(home: Path) -> list[str]:
    with Deployment(Settings(home=home)) as longcase:
        longcase.catch_up()
        return [digest(longcase.models.view(each)) for each in PROJECTIONS.values()]


def test_what_is_recorded_is_folded_meanwhile_and_as_if_folded_afterwards(tmp_path: Path) -> None:
    assert run(WAITING, tmp_path) == 0

    beside = digests(tmp_path)
    for file in tmp_path.glob("read*"):
        file.unlink()
    assert digests(tmp_path) == beside


def test_a_command_that_is_killed_takes_its_process_with_it(tmp_path: Path) -> None:
    assert run(KILLED, tmp_path) < 0  # comes back when nobody holds its output any more

    beside = digests(tmp_path)
    for file in tmp_path.glob("read*"):
        file.unlink()
    assert digests(tmp_path) == beside


def test_read_models_that_follow_kafka_are_left_to_its_processes(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, kafka="127.0.0.1:1")
    with Deployment(settings) as longcase, projecting(settings):
        longcase.desk.record([registered(), opened()])

    assert not list(tmp_path.glob("read*"))
