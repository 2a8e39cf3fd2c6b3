"""Failpoints: they do what the environment names, and otherwise nothing."""

import signal
import subprocess
import sys
import time

import pytest

from services.failpoints import VARIABLE, Failed, failpoint


def test_a_failpoint_that_nobody_named_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "other=raise", "place.longer=raise", "pla=raise,ce=kill"):
        monkeypatch.setenv(VARIABLE, value)
        failpoint("place")


def test_a_failpoint_raises_or_stalls_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "other=kill, place=raise")
    with pytest.raises(Failed, match="place"):
        failpoint("place")

    monkeypatch.setenv(VARIABLE, "place=stall:0.05")
    began = time.monotonic()
    failpoint("place")
    assert time.monotonic() - began >= 0.05

    monkeypatch.setenv(VARIABLE, "place=explode")
    with pytest.raises(ValueError, match="explode"):
        failpoint("place")


def test_a_failpoint_kills(tmp_path: object) -> None:
    code = "from services.failpoints import failpoint; failpoint('place')"
    ended = subprocess.run(
        [sys.executable, "-c", code], env={VARIABLE: "place=kill", "PYTHONPATH": "."}, check=False
    )

    assert ended.returncode == -signal.SIGKILL
