"""The closed registry: what an event is, and the name under which it is kept for ever.

`TYPE` is what the store and Kafka keep; class and module names are ours to change.  A field
may only ever be added, with a default; anything else is a new version with an upcaster.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict

from domain.errors import UnknownType


@dataclass(frozen=True)
class Seal:
    """Marks a field as sealed, and whose key seals it.

    With ``person`` it is the key of the contact named by the model's `ABOUT` field, or the
    company's where that field is empty; with ``company`` always the company's.
    """

    whose: Literal["person", "company"]


PersonText = Annotated[str, Seal("person")]
"""Text by, to or about one person: gone when that person's key is destroyed."""

CompanyText = Annotated[str, Seal("company")]
"""Text about nobody in particular, sealed with the company's key."""


class Part(BaseModel):
    """A value inside an event."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    ABOUT: ClassVar[str | None] = None


class Event(Part):
    """What happened, in the publisher's words: the ``data`` of the stored document."""

    TYPE: ClassVar[str]
    VERSION: ClassVar[int]
    VISIBILITY: ClassVar[Literal["public", "internal"] | None] = "internal"
    """Who sees it if the publisher does not say; ``None``: the publisher must say."""

    @classmethod
    @cache
    def stream_kind(cls) -> str:
        """Name the kind of stream this event stands in."""
        return cls.TYPE.split(".", 1)[0]


E = TypeVar("E", bound=type[Event])
M = TypeVar("M", bound=BaseModel)
Data = dict[str, Any]
Upcaster = Callable[[Data], Data]

TYPES: Final[dict[str, type[Event]]] = {}
"""Stored name to the current model."""

UPCASTERS: Final[dict[tuple[str, int], Upcaster]] = {}
"""(stored name, version) to the function that turns its data into the next version's."""


def event(name: str, version: int = 1) -> Callable[[E], E]:
    """Enter a model in the registry under the name that is stored."""

    def enter(model: E) -> E:
        if name in TYPES:
            raise ValueError(f"{name} is registered twice")
        model.TYPE, model.VERSION = name, version
        TYPES[name] = model
        return model

    return enter


def upcaster(name: str, version: int) -> Callable[[Upcaster], Upcaster]:
    """Register how data of *version* of *name* becomes data of the version after it."""

    def enter(function: Upcaster) -> Upcaster:
        if (name, version) in UPCASTERS:
            raise ValueError(f"{name} version {version} has an upcaster already")
        UPCASTERS[name, version] = function
        return function

    return enter


def model_of(name: str) -> type[Event]:
    """Find the current model of a stored name.

    Raises:
        UnknownType: If no event has this name.
    """
    try:
        return TYPES[name]
    except KeyError:
        raise UnknownType(
            f"no event has the type {name!r}; docs/events.md lists the {len(TYPES)} there are"
        ) from None


def upcast(name: str, version: int, data: Data) -> Data:
    """Turn stored *data* of an older *version* into data of the current one, step by step.

    Raises:
        UnknownType: If the version is newer than this code, or a step is missing.
    """
    current = model_of(name).VERSION
    if version > current:
        raise UnknownType(
            f"{name} version {version} is newer than this code, which knows {current}"
        )
    while version < current:
        try:
            step = UPCASTERS[name, version]
        except KeyError:
            raise UnknownType(f"{name} version {version} has no upcaster") from None
        data, version = step(data), version + 1
    return data


@dataclass(frozen=True, slots=True)
class Mark:
    """What one field of a model holds, as far as sealing and people are concerned."""

    field: str
    many: bool
    seal: Seal | None
    reference: str | None
    """``contact`` or ``company`` where the field is such an id."""
    part: type[Part] | None


@cache
def marks(model: type[Part]) -> tuple[Mark, ...]:
    """List the fields of *model* that hold sealed text, ids of people or companies, or parts."""
    found = []
    for name, hint in get_type_hints(model, include_extras=True).items():
        if name not in model.model_fields:
            continue
        many, notes, inner = _unwrap(hint)
        seal = next((note for note in notes if isinstance(note, Seal)), None)
        reference = next((note for note in notes if note in ("contact", "company")), None)
        part = inner if isinstance(inner, type) and issubclass(inner, Part) else None
        if seal or reference or part:
            found.append(Mark(name, many, seal, reference, part))
    return tuple(found)


def _unwrap(hint: Any) -> tuple[bool, tuple[Any, ...], Any]:
    """Strip ``| None``, ``tuple[…, ...]`` and ``Annotated`` from a type hint."""
    many, notes = False, ()
    while True:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            hint, notes = arguments[0], (*notes, *arguments[1:])
        elif origin is tuple:
            hint, many = arguments[0], True
        elif origin in (Union, UnionType):
            hint = next(a for a in arguments if a is not type(None))
        else:
            return many, notes, hint


def changed(model: M, fields: Data) -> M:
    """Copy a frozen model with other *fields*, which are not checked: a quick `model_copy`."""
    given = model.__pydantic_fields_set__ | fields.keys()
    return made(type(model), {**model.__dict__, **fields}, given)


def made(model: type[M], fields: Data, given: set[str]) -> M:
    """Make a frozen model of *fields*, which are not checked: a quick `model_construct`."""
    new = object.__new__(model)
    give = object.__setattr__
    give(new, "__dict__", fields)
    give(new, "__pydantic_fields_set__", given)
    give(new, "__pydantic_extra__", None)
    give(new, "__pydantic_private__", None)
    return new


def people_in(part: Part) -> Iterator[str]:
    """Yield the contact ids that *part* names, in field order, with repeats."""
    for mark in _peopled(type(part)):
        value = getattr(part, mark.field)
        if value is None:
            continue
        for item in value if mark.many else (value,):
            if mark.part:
                yield from people_in(item)
            else:
                yield item


@cache
def _peopled(model: type[Part]) -> tuple[Mark, ...]:
    """List the fields of *model* that name contacts, or hold parts that do."""
    return tuple(
        m for m in marks(model) if m.reference == "contact" or (m.part and _peopled(m.part))
    )
