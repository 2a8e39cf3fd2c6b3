"""Health is true: who is killed, stopped or at work again is seen from outside."""

import signal
from collections.abc import Iterator
from subprocess import Popen

import pytest

from services import health
from services.deployment import Deployment
from tests.broker.deployed import Deployed, eventually
from tests.broker.inboxes import start as start_inbox

pytestmark = pytest.mark.broker

PARTS = ("relay", "timeline", "directory", "tickets", "dossier")


@pytest.fixture
def running(deployed: Deployed) -> dict[str, Popen[bytes]]:
    """Every process of a deployment in which the story was told."""
    deployed.tell_the_story()
    return {"inbox": start_inbox(deployed), **{part: deployed.start(part) for part in PARTS}}


@pytest.fixture
def seen(deployed: Deployed) -> Iterator[Deployment]:
    """The deployment, as the API sees it."""
    with Deployment(deployed.settings, deployed.topics) as deployment:
        yield deployment


def test_whoever_falls_silent_is_seen_and_whoever_comes_back(
    deployed: Deployed, running: dict[str, Popen[bytes]], seen: Deployment
) -> None:
    all_well = {"store": "ok", "relay": "ok", **dict.fromkeys(running, "ok")}
    assert eventually(lambda: health.checks(seen) == all_well)

    for part, process in running.items():
        process.send_signal(signal.SIGSTOP)
        assert eventually(lambda part=part: health.checks(seen)[part] == "stopped")  # type: ignore[misc]
        assert {name for name, check in health.checks(seen).items() if check != "ok"} == {part}
        process.send_signal(signal.SIGCONT)
        assert eventually(lambda: health.checks(seen) == all_well)

    running["tickets"].kill()
    assert eventually(lambda: health.checks(seen)["tickets"] == "stopped")
    assert not set(health.checks(seen).values()) <= health.BEARABLE
    deployed.start("tickets")
    assert eventually(lambda: health.checks(seen) == all_well)


def test_who_ends_when_told_is_stopped_but_for_the_inbox_which_nobody_needs(
    running: dict[str, Popen[bytes]], seen: Deployment
) -> None:
    assert eventually(lambda: set(health.checks(seen).values()) == {"ok"})

    for process in running.values():
        process.terminate()
    assert {process.wait(30) for process in running.values()} == {0}

    assert health.checks(seen) == {"store": "ok", **dict.fromkeys(PARTS, "stopped")}
