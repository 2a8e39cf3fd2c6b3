"""About the service itself: is it alive, how far are the projections, what do events look like."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from domain.events import model_of
from domain.events.schema import schema_of
from services.api.identity import Deployed, Who
from services.security import authorize
from services.standing import standing

router = APIRouter()


@router.get("/livez", tags=["service"])
def alive() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@router.get("/readyz", tags=["service"])
def ready(deployed: Deployed) -> Response:
    """Say whether the store can be read and the read models keep up with it."""
    found = standing(deployed)
    behind = [p["name"] for p in found if p["lag_seconds"] > 10]  # noqa: PLR2004
    status = 503 if behind else 200
    return JSONResponse({"ready": not behind, "behind": behind, "projections": found}, status)


@router.get("/v1/projections", tags=["service"])
def projections(deployed: Deployed, who: Who) -> list[dict[str, Any]]:
    """List the projections: position, head of the store, lag in events and seconds, state."""
    authorize(who, "operate")
    return standing(deployed)


@router.get("/v1/schemas/{type_name}/{version}", tags=["service"])
def schema(type_name: str, version: int) -> dict[str, Any]:
    """Read the JSON Schema of an event's data."""
    model = model_of(type_name)
    if version != model.VERSION:
        from services.reading import NotFound

        raise NotFound(f"{type_name} is at version {model.VERSION}")
    return schema_of(model)
