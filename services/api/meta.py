"""About the service itself: is it alive, can it serve, how far are the projections."""

from typing import Final

from fastapi import APIRouter, Response

from services.api import answers, openapi, shapes
from services.api.identity import Deployed, Who
from services.api.problems import DATABASES
from services.security import authorize
from services.standing import standing

BEHIND_SECONDS: Final = 10.0
"""A read model that is further behind is none to serve from."""

router = APIRouter(tags=["service"])


@router.get("/livez", response_model=shapes.Alive)
def alive() -> Response:
    """Say that the process answers."""
    return answers.json({"status": "alive"})


@router.get("/readyz", response_model=shapes.Ready, responses=openapi.NOT_READY)
def ready(deployed: Deployed) -> Response:
    """Say whether the store can be read and the read models keep up with it."""
    try:
        checks = {
            projection["name"]: "behind" if projection["lag_seconds"] > BEHIND_SECONDS else "ok"
            for projection in standing(deployed)
        }
    except DATABASES:
        checks = {"store": "unreachable"}
    else:
        checks = {"store": "ok", **checks}
    is_ready = set(checks.values()) == {"ok"}
    answer = answers.json({"ready": is_ready, "checks": checks})
    answer.status_code = 200 if is_ready else 503
    return answer


@router.get("/v1/projections", response_model=shapes.Projections)
def projections(deployed: Deployed, who: Who) -> Response:
    """List the projections: position, head of the store, lag in events and seconds, state."""
    authorize(who, "operate")
    return answers.json({"projections": standing(deployed)})
