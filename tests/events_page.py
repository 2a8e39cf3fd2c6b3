"""Makes ``docs/events.md``: every event, what it means, and what each field holds."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel

from domain import values
from domain.events import TYPES, Event, Recorded, Source
from domain.events.base import Part, marks
from domain.events.envelope import T_co
from domain.events.schema import field_notes, parts_of, summary
from tests.events_page_text import ENVELOPE, EXAMPLES, INTRODUCTION, KINDS

WORDS: Final[tuple[tuple[Any, str], ...]] = (
    (values.ContactId, "contact id"),
    (values.CompanyId, "company id"),
    (values.TicketId, "ticket id"),
    (values.UserId, "staff id"),
    (values.StreamId, "stream"),
    (values.Actor, "actor"),
    (values.Id, "id"),
    (values.Code, "code"),
    (values.Moment, "time"),
    (values.Amount, "amount"),
    (values.Currency, "currency code"),
    (values.Level, "1 (worst) to 5"),
    (values.Number, "whole number"),
    (date, "date"),
    (Decimal, "decimal number"),
    (UUID, "event id"),
    (bool, "true or false"),
    (int, "whole number"),
    (str, "text"),
    (T_co, "object"),
)
"""How the page says a type; the first that fits."""

OWN_KEY: Final[dict[str | None, str]] = {
    "contact": "contact", "product": "product", "reads": "stream"
}  # fmt: skip
"""Whose key seals what stands in streams that belong to no company."""


def events_page() -> str:
    """Write the whole page."""
    blocks = [INTRODUCTION, "## All events", _index(), "## The stored document", *_envelope()]
    for kind, text in KINDS.items():
        blocks += _kind(kind, text)
    blocks += _parts()
    return "\n\n".join(blocks) + "\n"


def _index() -> str:
    rows = ["| Event | Type | Version | Stream | Meaning |", "| --- | --- | --- | --- | --- |"]
    for name, model in TYPES.items():
        meaning = summary(model).splitlines()[0]
        rows.append(
            f"| {model.__name__} | [`{name}`](#{_anchor(name)}) | {model.VERSION} "
            f"| `{model.stream_kind()}/…` | {meaning} |"
        )
    return "\n".join(rows)


def _envelope() -> Iterator[str]:
    yield ENVELOPE
    yield _fields(Recorded[Event], sealing=False)
    yield "### Source"
    yield summary(Source)
    yield _fields(Source, sealing=False)


def _kind(kind: str, text: str) -> Iterator[str]:
    yield f"## Events of `{kind}/…`"
    yield text
    for example in EXAMPLES.get(kind, ()):
        yield f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```"
    for model in TYPES.values():
        if model.stream_kind() == kind:
            yield from _event(model)


def _parts() -> Iterator[str]:
    parts: dict[type[Part], None] = {}
    for model in TYPES.values():
        parts |= parts_of(model)
    yield "## Parts"
    yield "These are parts of events, not events."
    for part in parts:
        yield f"### {part.__name__}"
        yield summary(part)
        yield _fields(part)


def _event(model: type[Event]) -> Iterator[str]:
    visibility = "the publisher must say who sees it"
    if model.VISIBILITY:
        visibility = f"{model.VISIBILITY}, unless the publisher says otherwise"
    schemas = ", ".join(
        f"[version {version}](schemas/{model.TYPE}/{version}.json)"
        for version in range(model.VERSION, 0, -1)
    )
    yield f"### {model.TYPE}"
    yield summary(model)
    yield f"Visibility: {visibility}. Schema: {schemas}."
    yield _fields(model) if model.model_fields else "It has no fields of its own."


def _fields(model: type[BaseModel], *, sealing: bool = True) -> str:
    hints = get_type_hints(model, include_extras=True)
    notes = field_notes(model)
    rows = ["| Field | Holds | Sealed with |", "| --- | --- | --- |"]
    for name, field in model.model_fields.items():
        holds = _said(hints[name])
        if not field.is_required() and field.default not in (None, ()):
            holds += f" ({_default(field.default)} if left out)"
        if name in notes:
            holds += f". {notes[name]}"
        label = f"**`{name}`**" if field.is_required() else f"`{name}`"
        rows.append(f"| {label} | {holds} | {_sealed(model, name)} |")
    if not sealing:
        rows = [row.rsplit("|", 2)[0].rstrip() + " |" for row in rows]
    return "\n".join(rows)


def _sealed(model: type[BaseModel], name: str) -> str:
    if not issubclass(model, Part):
        return ""
    seal = next((mark.seal for mark in marks(model) if mark.field == name), None)
    if seal is None:
        return ""
    kind = model.stream_kind() if issubclass(model, Event) else None
    if kind in OWN_KEY:
        return f"the {OWN_KEY[kind]}'s key"
    if seal.whose == "company":
        return "the company's key"
    if model.ABOUT and model.model_fields[model.ABOUT].is_required():
        return f"the key of `{model.ABOUT}`"
    return f"the key of `{model.ABOUT}`, without one the company's"


def _said(hint: Any) -> str:
    """Say a type in words: ``tuple[Id, ...] | None`` is *list of id*."""
    for known, words in WORDS:
        if hint == known:
            return words
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _said(next(a for a in arguments if a is not type(None)))
    if origin is tuple:
        return f"list of {_said(arguments[0])}"
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is Annotated:
        return _said(arguments[0])
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    raise LookupError(f"the page has no word for {hint}")


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "empty" if isinstance(value, BaseModel) else f"`{value}`"


def _anchor(name: str) -> str:
    return name.replace(".", "")
