"""Health: what every part of a deployment says of itself, judged from outside."""

from typing import Any, Final

from services import heartbeat
from services.deployment import Deployment
from services.standing import standing

BEHIND_SECONDS: Final = 10.0
"""A read model that is further behind is none to serve from."""

OK: Final = "ok"
WELL: Final = frozenset({"running", "catching_up", "rebuilding", "standby"})
"""States in which a part is ok, if it is not behind."""

BEARABLE: Final = frozenset({OK, "degraded", "paused"})
"""Checks with which requests can be served: an operator knows of them, or decided so."""


def parts(deployment: Deployment) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Say how the projections are, and how the relay is, where there is one."""
    if deployment.is_embedded:
        return standing(deployment), None
    from services.relay.status import status

    return standing(deployment), status(deployment.log)


def checks(deployment: Deployment) -> dict[str, str]:
    """Judge each part: *ok*, *behind*, or the state it is in."""
    projections, relay = parts(deployment)
    judged = {each["name"]: _judged(each) for each in projections}
    if relay:
        judged["relay"] = _judged(relay)
        judged |= _beside(deployment, "inbox") | _beside(deployment, "watcher")
    return {"store": OK, **judged}


def watching(deployment: Deployment) -> dict[str, Any]:
    """Say how the watchers are."""
    from services.watcher.status import status  # those who ask for readiness need none of it

    return status(deployment.log)


def _beside(deployment: Deployment, name: str) -> dict[str, str]:
    """Judge the inbox or the watcher, where one was ever at work and did not end as it was told.

    The table of heartbeats is there: the relay's status was asked first.
    """
    beats = heartbeat.read(deployment.log.database, name)
    if any(beat.state == heartbeat.RUNNING for beat in beats):
        return {name: OK}
    ill = [beat for beat in beats if beat.state != heartbeat.STOPPED or beat.detail]
    return {name: ill[0].state} if ill else {}


def _judged(part: dict[str, Any]) -> str:
    state: str = part["state"]
    if state not in WELL:
        return state
    return "behind" if part["lag_seconds"] > BEHIND_SECONDS else OK
