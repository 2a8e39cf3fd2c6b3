"""Whether what a mapping fills fits the event, seen before a single row is read."""

import difflib
from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError

from domain.errors import UnknownType
from domain.events import TYPES, Event, model_of
from domain.events.base import Part, marks
from services.adapters.values import ColumnValue, Items, Parts, This, Value

KINDS: Final = ("ticket", "company", "interaction")
"""The streams that a row can say something about."""

ITSELF: Final = ("ticket.opened", "ticket.moved_away", "company.registered")
"""Events that the import writes by itself, from [opened], [company] and [contact]."""


def event_of(name: str) -> type[Event]:
    """Find the event that a rule names.

    Raises:
        ValueError: If there is none, or rules cannot say it.
    """
    try:
        model = model_of(name)
    except UnknownType:
        usable = [known for known in TYPES if known.split(".")[0] in KINDS]
        raise ValueError(f"event: no event has the type {name!r}{meant(name, usable)}") from None
    if name in ITSELF:
        raise ValueError(f"event: {name} is written by the import itself; see [opened], [company]")
    if model.stream_kind() not in KINDS:
        raise ValueError(f"event: {name} cannot come from a row; use {', '.join(KINDS)}")
    return model


def check_fields(model: type[Event], fields: Parts) -> None:
    """Check that *model* has these fields, gets those it needs, and takes the constants.

    Raises:
        ValueError: If not; the message names the field.
    """
    _check_names(model, fields, "fields")
    try:
        model.model_validate(_constants(fields))
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            if problem["type"] != "missing":
                place = ".".join(str(part) for part in problem["loc"])
                raise ValueError(f"fields.{place}: {problem['msg']}") from None


def meant(word: str, known: Iterable[str]) -> str:
    """Say which of the known words was probably meant, or list them."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(words)}"


def required(model: type[Part]) -> frozenset[str]:
    """Name the fields without which there is no *model*."""
    return frozenset(name for name, field in model.model_fields.items() if field.is_required())


def _check_names(model: type[Part], fields: Parts, place: str) -> None:
    if lacking := required(model) - fields.root.keys():
        raise ValueError(f"{place}: {model.__name__} needs {', '.join(sorted(lacking))}")
    inner = {mark.field: mark for mark in marks(model) if mark.part}
    for name, value in fields.root.items():
        if name not in model.model_fields:
            raise ValueError(f"{place}.{name}: no such field{meant(name, model.model_fields)}")
        if (mark := inner.get(name)) and mark.part:
            for item in value.root if isinstance(value, Items) else (value,):
                if not isinstance(item, Parts) or mark.many != isinstance(value, Items):
                    wanted = f"{{ {', '.join(mark.part.model_fields)} }}"
                    wanted = f"[{wanted}]" if mark.many else wanted
                    raise ValueError(f"{place}.{name}: write {wanted}")
                _check_names(mark.part, item, f"{place}.{name}")


def _constants(value: Value) -> Any:
    """Keep of what a mapping fills only what does not depend on a row."""
    if isinstance(value, Parts):
        kept = {key: _constants(item) for key, item in value.root.items()}
        return {key: item for key, item in kept.items() if item is not None}
    if isinstance(value, Items):
        items = [_constants(item) for item in value.root]
        return None if None in items else items
    return None if isinstance(value, ColumnValue | This) else value
