"""Failpoints: they do what a test armed, and otherwise nothing."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.failpoints import VARIABLE, Failed, arm, failpoint

PROJECT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm("")


def test_a_failpoint_that_nobody_armed_does_nothing() -> None:
    for orders in ("", "other=raise", "place.longer=raise", "pla=raise,ce=kill"):
        arm(orders)
        failpoint("place")


def test_a_failpoint_raises_or_stalls_when_armed() -> None:
    arm("other=kill, place=raise")
    with pytest.raises(Failed, match="place"):
        failpoint("place")

    arm("place=stall:0.05")
    began = time.monotonic()
    failpoint("place")
    assert time.monotonic() - began >= 0.05


def test_a_failpoint_may_act_at_one_pass_alone() -> None:
    arm("place=raise@2")

    failpoint("place")
    with pytest.raises(Failed):
        failpoint("place")
    failpoint("place")


def test_what_is_no_act_is_refused() -> None:
    for orders in ("place", "place=", "place=explode", "place=raise@soon"):
        with pytest.raises(ValueError):  # noqa: PT011  whatever it says
            arm(orders)


def test_a_failpoint_kills() -> None:
    code = "from services.failpoints import arm, failpoint; arm('place=kill'); failpoint('place')"

    assert _ended(code) == -signal.SIGKILL


def test_no_variable_of_the_environment_arms_anything() -> None:
    code = "from services.failpoints import failpoint; failpoint('place')"

    assert _ended(code, **{VARIABLE: "place=kill"}) == 0


def test_nothing_but_tests_arms_a_failpoint() -> None:
    arming = re.compile(r"\barm\(|import.*\barm\b|failpoints\.")
    sources = [*PROJECT.glob("services/**/*.py"), *PROJECT.glob("projections/**/*.py")]

    found = [file.name for file in sources if arming.search(_without_docs(file))]

    assert found == ["failpoints.py"]


def _without_docs(file: Path) -> str:
    return re.sub(r'""".*?"""', "", file.read_text(), flags=re.DOTALL)


def _ended(code: str, **environment: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        cwd=PROJECT,
        check=False,
        stdout=subprocess.DEVNULL,
    ).returncode
