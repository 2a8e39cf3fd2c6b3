"""``/openapi.json``: who may ask, and which problems may come back, said of every operation."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.api import shapes
from services.api.problems import MEDIA_TYPE
from services.modes import BATCHED, PLAIN, STRUCTURED
from services.wire import CloudEvent

ABOUT: Final = """\
Every customer's whole support history, as one timeline that remembers.

Send `Authorization: Bearer KEY`; `longcase keys create` makes keys. Times are UTC, RFC 3339, with
microseconds. Every error is a problem document (RFC 9457) with a stable `code`."""

PUBLIC: Final = ("/livez", "/readyz", "/asyncapi.json")

ALWAYS: Final = {"401": "No valid key", "403": "Not with this key"}
READING: Final = {
    "404": "There is no such thing, or not for this key",
    "414": "The address is too long",
    "422": "The request cannot be understood",
    "503": "The store or a read model cannot be used now",
}
WRITING: Final = {
    "409": "A rule forbids it",
    "412": "The stream has moved on",
    "413": "Too large",
    "415": "Not a CloudEvent in a form that is taken",
    "422": "The event cannot be understood",
    "503": "The store cannot be written now; nothing was recorded",
}

Document = dict[str, Any]

SAMPLE: Final[Document] = {
    "specversion": "1.0",
    "type": "ticket.opened",
    "source": "mail",
    "id": "msg-1",
    "time": "2026-11-03T14:02:00Z",
    "subject": "ticket/TCK-2001",
    "company": "acme",
    "data": {"subject": "SSO login fails", "severity": 2},
}

_EVENT: Final = CloudEvent.model_json_schema(ref_template="#/components/schemas/{model}")
_DATA: Final[Document] = {"type": "object", "description": "the event's own fields"}

CLOUD_EVENTS: Final[Document] = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "description": "the version that the stream of one event must be at",
            "schema": {"type": "string", "pattern": '^"?[0-9]{1,18}"?$'},
            "example": '"3"',
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            STRUCTURED: {"schema": _EVENT, "example": SAMPLE},
            BATCHED: {"schema": {"type": "array", "items": _EVENT}, "example": [SAMPLE]},
            PLAIN: {"schema": _DATA, "example": SAMPLE["data"]},
        },
    },
}

PUBLISHED: Final[dict[int | str, Document]] = {
    200: {"model": shapes.Receipt | shapes.Receipts, "description": "A duplicate, or a batch"},
    201: {"description": "Accepted"},
}
NOT_MODIFIED: Final[dict[int | str, Document]] = {304: {"description": "It is what you have"}}
NOT_READY: Final[dict[int | str, Document]] = {
    503: {"model": shapes.Ready, "description": "Not ready"}
}


def install(app: FastAPI) -> None:
    """Let *app* describe itself in full, once."""

    def describe() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _finished(
                get_openapi(
                    title=app.title, version=app.version, description=app.description,
                    routes=app.routes,
                )
            )  # fmt: skip
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _finished(document: Document) -> Document:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = shapes.Problem.model_json_schema()
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["responses"].pop("422", None)
            if path not in PUBLIC:
                operation["security"] = [{"key": []}]
                more = READING if method == "get" else WRITING
                for status, what in {**ALWAYS, **more}.items():
                    operation["responses"].setdefault(status, _problem(what))
    return document


def _problem(description: str) -> Document:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
