"""The JSON Schema of every event, as ``docs/schemas`` keeps it and a deployment serves it.

A schema takes what a publisher sends and what is stored: a sealed text is a string like any
other.  Those of older versions are not made here; they are files that never change.
"""

import inspect
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from domain.events.base import Event, Part, marks
from domain.events.envelope import Recorded, Source

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


class _Plainly(GenerateJsonSchema):
    """Leaves out the titles pydantic makes up from field names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def schema_of(model: type[Event]) -> Schema:
    """Describe the ``data`` of an event in its current version."""
    schema = _described(model)
    _describe(schema, model)
    for part in parts_of(model):
        _describe(schema["$defs"][part.__name__], part)
    return {
        "$schema": DIALECT,
        "$id": f"/v1/schemas/{model.TYPE}/{model.VERSION}",
        "title": f"{model.TYPE}, version {model.VERSION}",
        "description": schema.pop("description"),
        "x-stream": model.stream_kind(),
        "x-visibility": model.VISIBILITY or "must be said",
        **schema,
    }


def schema_of_envelope() -> Schema:
    """Describe the stored document, whatever its event."""
    schema = _described(Recorded[Event])
    schema["$defs"].pop("Event")
    schema["properties"]["data"] = {"type": "object"}
    _describe(schema, Recorded)
    _describe(schema["$defs"]["Source"], Source)
    return {
        "$schema": DIALECT,
        "$id": "/v1/schemas/envelope",
        "title": "The stored document",
        "description": schema.pop("description"),
        **schema,
    }


def summary(model: type[BaseModel]) -> str:
    """Take what a model's docstring says before its ``Attributes:``."""
    text = (inspect.getdoc(model) or "").split("\nAttributes:\n")[0]
    return text.strip().replace("``", "`")


def field_notes(model: type[BaseModel]) -> dict[str, str]:
    """Take what a model's docstring says of single fields, under ``Attributes:``."""
    text = (inspect.getdoc(model) or "").partition("\nAttributes:\n")[2]
    notes: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc(text).splitlines():
        if not line.startswith(" "):
            name, _, line = line.partition(":")  # noqa: PLW2901  the rest of it is the note
        notes[name] = f"{notes.get(name, '')} {line.strip()}".strip().replace("``", "`")
    return notes


def parts_of(model: type[Part]) -> dict[type[Part], None]:
    """List the parts of *model* and theirs, each once, in the order of the fields."""
    found: dict[type[Part], None] = {}
    for mark in marks(model):
        if mark.part:
            found |= {mark.part: None} | parts_of(mark.part)
    return found


def _described(model: type[BaseModel]) -> Schema:
    return model.model_json_schema(schema_generator=_Plainly)


def _describe(schema: Schema, model: type[BaseModel]) -> None:
    """Say what the model is and what its fields hold, and mark whose key seals which."""
    schema["description"] = summary(model)
    schema.pop("title", None)
    for name, note in field_notes(model).items():
        schema["properties"][name]["description"] = note
    for mark in marks(model) if issubclass(model, Part) else ():
        if mark.seal:
            schema["properties"][mark.field]["x-sealed"] = mark.seal.whose
