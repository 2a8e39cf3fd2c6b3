"""The watchdog tells a client that hangs from one that has nothing to do."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

from services.watchdog import STUCK, Watchdog

PATIENCE = 0.12


def watched(
    done: Callable[[], int], waits: Callable[[], bool], answers: Callable[[], bool]
) -> bool:
    """Say whether a worker is found stuck within ten times the patience."""
    stuck = Event()
    with Watchdog(done, waits, answers, stuck.set, PATIENCE):
        return stuck.wait(10 * PATIENCE)


def no_broker() -> bool:
    raise OSError("connection refused")


def test_work_that_waits_while_the_brokers_answer_is_stuck() -> None:
    assert watched(done=lambda: 7, waits=lambda: True, answers=lambda: True)


def test_one_with_nothing_to_do_is_left_alone() -> None:
    assert not watched(done=lambda: 7, waits=lambda: False, answers=lambda: True)


def test_one_that_goes_on_is_left_alone() -> None:
    assert not watched(done=time.monotonic_ns, waits=lambda: True, answers=lambda: True)


def test_one_whose_brokers_are_away_is_left_alone() -> None:
    assert not watched(done=lambda: 7, waits=lambda: True, answers=no_broker)


def test_patience_begins_anew_when_the_brokers_are_back() -> None:
    began = time.monotonic()
    back = began + 3 * PATIENCE
    stuck: list[float] = []

    watchdog = Watchdog(
        lambda: 7, lambda: True, lambda: time.monotonic() > back,
        lambda: stuck.append(time.monotonic()), PATIENCE,
    )  # fmt: skip
    with watchdog:
        time.sleep(10 * PATIENCE)

    assert stuck[0] > back + PATIENCE * 0.9


def test_a_process_that_hangs_ends_with_a_code_that_says_try_again() -> None:
    code = (
        "import time; from services.watchdog import Watchdog\n"
        "with Watchdog(lambda: 7, lambda: True, lambda: True, patience=0.05): time.sleep(60)"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[1], env={**os.environ},
        capture_output=True, check=False,
    )  # fmt: skip

    assert ended.returncode == STUCK
