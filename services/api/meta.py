"""About the service itself: is it alive, can it serve, how far are the projections."""

from fastapi import APIRouter, Response

from services import health
from services.api import answers, openapi, shapes
from services.api.identity import Deployed, Who
from services.api.problems import DATABASES
from services.security import authorize

router = APIRouter(tags=["service"])


@router.get("/livez", response_model=shapes.Alive)
def alive() -> Response:
    """Say that the process answers."""
    return answers.json({"status": "alive"})


@router.get("/readyz", response_model=shapes.Ready, responses=openapi.NOT_READY)
def ready(deployed: Deployed) -> Response:
    """Say whether the store can be read, and each part of the way into the read models goes on.

    Not with a part that is stopped, faulted or refused, waits for the broker, or is more than
    ten seconds behind.
    """
    try:
        checks = health.checks(deployed)
    except DATABASES:
        checks = {"store": "unreachable"}
    is_ready = set(checks.values()) <= health.BEARABLE
    answer = answers.json({"ready": is_ready, "checks": checks})
    answer.status_code = 200 if is_ready else 503
    return answer


@router.get("/v1/projections", response_model=shapes.Projections)
def projections(deployed: Deployed, who: Who) -> Response:
    """List the projections: position, head of the store, lag in events and seconds, state.

    And how the relay and the watchers are.
    """
    authorize(who, "operate")
    found, relay = health.parts(deployed)
    watcher = health.watching(deployed)
    return answers.json({"projections": found, "relay": relay, "watcher": watcher})
