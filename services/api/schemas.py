"""What events look like: the JSON Schema that `ce_dataschema` names."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from domain.errors import UnknownType
from domain.events import model_of
from domain.events.schema import schema_of
from services.api.identity import Who
from services.reading import NotFound

router = APIRouter(prefix="/v1", tags=["service"])


@router.get("/schemas/{type_name}/{version}")
def schema(
    who: Who,
    type_name: Annotated[str, Path(pattern="^[a-z_.]{1,100}$", examples=["ticket.opened"])],
    version: Annotated[int, Path(ge=1, le=10_000, examples=[1])],
) -> dict[str, Any]:
    """Read the JSON Schema of an event's data, in the version that is recorded today.

    Schemas of older versions never change; they ship with the source, under docs/schemas.
    """
    try:
        model = model_of(type_name)
    except UnknownType as error:
        raise NotFound(str(error)) from None
    if version < model.VERSION:
        raise NotFound(
            f"{type_name} is recorded in version {model.VERSION}; "
            f"docs/schemas of the source has version {version}"
        )
    if version > model.VERSION:
        raise NotFound(f"{type_name} has {model.VERSION} versions so far")
    return schema_of(model)
