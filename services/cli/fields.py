"""`field=value` as it is typed becomes the fields of an event.

Fields of text take the value as it stands.  Others take JSON if it is JSON: numbers, true and
false, lists, objects.  Dots reach into a field: ``to.agent=mia``.  A field that holds several
takes one value each time it is given.
"""

from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import orjson

from domain.events.base import Part
from services.cli.errors import Usage

TRUTHS: Final = {"yes": True, "no": False, "on": True, "off": False}


def fields_of(model: type[Part], assignments: Iterable[str]) -> dict[str, Any]:
    """Read ``field=value`` words as fields of *model*.

    Raises:
        Usage: If a word has no ``=``, or a field is given twice that holds one value.
    """
    fields: dict[str, Any] = {}
    for word in assignments:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise Usage(f"{word!r} is not field=value; quote values with spaces: body='Thank you'")
        _put(fields, model, name.split("."), value, name)
    return fields


def _put(into: dict[str, Any], model: type[Part] | None, path: list[str], value: str,
         name: str) -> None:  # fmt: skip
    """Put a value at its path, in the form its field wants."""
    first, *rest = path
    many, kind = _kind_of(model, first)
    if rest:
        inner = into.setdefault(first, {})
        if not isinstance(inner, dict):
            raise Usage(f"{name}: {first} has a value already")
        _put(inner, kind if _is_model(kind) else None, rest, value, name)
        return
    found = _value(kind, value, many=many)
    if many:
        into[first] = [*into.get(first, []), *(found if isinstance(found, list) else [found])]
    elif first in into:
        raise Usage(f"{name} is given twice, and holds one value")
    else:
        into[first] = found


def _value(kind: Any, text: str, *, many: bool) -> Any:
    """Read a value: text for a field of text, else JSON where it is JSON."""
    if not many and _is_text(kind):
        return text
    if many and _is_text(kind) and not text.startswith("["):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return TRUTHS.get(text.lower(), text) if kind is bool else text


def _kind_of(model: type[Part] | None, name: str) -> tuple[bool, Any]:
    """Say whether a field holds several values, and of what kind."""
    hints = get_type_hints(model, include_extras=True) if model else {}
    hint, many = hints.get(name, Any), False
    while True:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            hint = arguments[0]
        elif origin in (tuple, list):
            hint, many = arguments[0], True
        elif origin in (Union, UnionType):
            hint = next(kind for kind in arguments if kind is not type(None))
        else:
            return many, hint


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Part)


def _is_text(kind: Any) -> bool:
    """Say whether JSON has no form for *kind* but text."""
    if get_origin(kind) is Literal:
        return True
    return isinstance(kind, type) and kind not in (bool, int, float) and not _is_model(kind)
