"""The mapping file: what the columns of a log mean, so that a new log needs no code.

`docs/mapping.md` shows how to write one.  It is checked when it is read; the names of columns
are checked when it meets the log.
"""

import codecs
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from domain.events.ticket import (
    TicketOpened,
)
from domain.values import Id, Visibility
from services.adapters.fit import check_fields, event_of, meant
from services.adapters.times import says_zone, time_reader
from services.adapters.values import Parts, Section, columns_in

SHIPPED: Final = Path(__file__).parent / "mappings"
"""The mappings that come with longcase; each is found by its name alone."""


class MappingError(Exception):
    """The mapping is wrong: the message names the file and the key, and says what to do."""


def _in_a_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Words = Annotated[tuple[str, ...], BeforeValidator(_in_a_list)]
"""One word or several."""


class FileForm(Section):
    """How the file is written.

    Attributes:
        missing: What stands where there is no value; nothing at all always does.
        id: Names the log in the ids of its events; without one its first two lines do.
    """

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    missing: Words = ()
    id: Id | None = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            plain = string.printable.encode(codecs.lookup(self.encoding).name)
        except LookupError:
            raise ValueError(f"encoding: none is called {self.encoding!r}") from None
        if plain != string.printable.encode("ascii"):
            raise ValueError(f"encoding: {self.encoding} has no lines; convert the file to utf-8")
        return self


class IdColumn(Section):
    """A column whose values become ids, *prefix* before them, *strip* cut off first."""

    column: str
    prefix: str = ""
    strip: str = ""


class CompanyColumn(Section):
    """The customer: a column, or one `value` for the whole log."""

    column: str | None = None
    value: str | None = None
    prefix: str = ""
    strip: str = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column, or value for a log of one single company")
        return self


class ContactColumn(IdColumn):
    """The person: ids are made from ``codes`` only, never from ``names`` or addresses."""

    values: Literal["codes", "names"] = "names"
    name: str | None = None
    email: str | None = None
    phone: str | None = None


class ActorColumn(IdColumn):
    """Who did it."""

    kind: Literal["agent", "contact", "system"] = "agent"


class TimeColumn(Section):
    """When it happened, in a form of `strptime`, ``iso``, ``unix`` or ``unix-ms``."""

    column: str
    form: Annotated[str, Field(alias="format")]
    zone: str | None = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        time_reader(self.form, self.zone)
        if self.zone is None and self.form != "iso" and not says_zone(self.form):
            raise ValueError("the format names no zone: say which one to assume, zone = …")
        return self


class Condition(Section):
    """What must hold of a row, or of the step to it from the ticket's row before.

    Before its first row every column of a ticket is missing.  Of several columns one is enough.

    Attributes:
        first: Whether it is the ticket's first row.
    """

    column: Words = ()
    is_: Annotated[Words | None, Field(alias="is")] = None
    not_: Annotated[Words | None, Field(alias="not")] = None
    was: Words | None = None
    was_not: Words | None = None
    changed: bool | None = None
    increased: bool | None = None
    present: bool | None = None
    first: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        tests = self.model_fields_set - {"column", "first"}
        if bool(tests) != bool(self.column) or not self.model_fields_set:
            raise ValueError(
                "write a column with is, not, was, was_not, changed, increased or present; or first"
            )
        return self


Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_in_a_list)]
"""One condition, or several that must all hold."""


class Opening(Section):
    """How a ticket's first row becomes `ticket.opened`."""

    at: str | None = None
    actor: ActorColumn | None = None
    fields: Parts = Parts({})
    visibility: Visibility | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_fields(TicketOpened, self.fields)
        return self


class Rule(Section):
    """When a row says that something happened: which event, and what it says."""

    when: Conditions
    event: str
    at: str | None = None
    actor: ActorColumn | None = None
    fields: Parts = Parts({})
    visibility: Visibility | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        model = event_of(self.event)
        check_fields(model, self.fields)
        if model.VISIBILITY is None and self.visibility is None:
            raise ValueError(f"visibility: {self.event} must say public, internal or restricted")
        return self


class Backfilled(Section):
    """Columns that the source wrote on all rows of a ticket once it knew them at its end.

    They count as missing on rows of which `since` does not hold, and on rows before the time
    that stands in the first of the columns `after` that has one.
    """

    columns: Words
    since: Conditions = ()
    after: Words = ()


class Rest(Section):
    """What to do with what no rule said.

    Attributes:
        keep: Columns whose changes go into `ticket.updated` if no other event took them.
        ignore: Columns left out knowingly.
    """

    keep: Words = ()
    ignore: Words = ()


class Mapping(Section):
    """A whole mapping file."""

    name: Id
    notes: Words = ()
    file: FileForm = FileForm()
    ticket: IdColumn
    time: TimeColumn
    company: CompanyColumn | None = None
    contact: ContactColumn | None = None
    actor: ActorColumn | None = None
    activity: str | None = None
    opened: Opening = Opening()
    rules: Annotated[tuple[Rule, ...], Field(alias="rule")] = ()
    backfilled: tuple[Backfilled, ...] = ()
    tables: dict[str, dict[str, bool | int | float | str]] = Field(default={})
    rest: Rest = Rest()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        filled = {"opened": self.opened.fields}
        filled |= {f"rule {number}": rule.fields for number, rule in enumerate(self.rules, 1)}
        for place, fields in filled.items():
            for value in columns_in(fields):
                if value.table and value.table not in self.tables:
                    raise ValueError(f"{place}.fields: there is no [tables.{value.table}]")
        for place, actor in (("actor", self.actor), *((r.event, r.actor) for r in self.rules)):
            if actor is None or actor.kind != "contact":
                continue
            if self.contact is None or self.contact.column != actor.column:
                raise ValueError(
                    f"{place}.kind: a contact acts only where [contact] names the same column"
                )
        who = self.contact
        people = {who.column, who.name, who.email, who.phone} if who else set()
        if exposed := sorted(people.intersection(self.rest.keep), key=str):
            raise ValueError(
                f"rest.keep: {', '.join(map(str, exposed))} is about a person, and what is kept "
                "here is not sealed; leave it out"
            )
        return self


def load_mapping(which: str | Path) -> Mapping:
    """Read the mapping file at a path, or a shipped one by its name.

    Raises:
        MappingError: If there is none, or something in it is wrong.
    """
    path = Path(which)
    if not path.exists() and not path.suffix:
        path = SHIPPED / f"{which}.toml"
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
        raise MappingError(f"{which}: no such file; longcase itself brings {shipped}") from None
    except (OSError, ValueError) as error:
        problems = _problems(error) if isinstance(error, ValidationError) else [str(error)]
        raise MappingError("\n".join(f"{path}: {problem}" for problem in problems)) from None


def _problems(error: ValidationError) -> Iterator[str]:
    """Say what is wrong under which key."""
    for problem in error.errors(include_url=False):
        steps = [step for step in problem["loc"] if not str(step).startswith("<")]
        place = "".join(f" {step + 1}" if isinstance(step, int) else f".{step}" for step in steps)
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "missing":
            message = "must be there"
        elif problem["type"] == "extra_forbidden":
            message = f"no such key here{meant(str(steps[-1]), KEYS)}"
        yield f"{place.lstrip('.')}: {message}" if place else message


KEYS: Final = tuple(
    dict.fromkeys(
        field.alias or name
        for section in (Mapping, FileForm, ContactColumn, CompanyColumn, ActorColumn, TimeColumn,
                        Rule, Condition, Backfilled, Rest)
        for name, field in section.model_fields.items()
    )
)  # fmt: skip
"""Every key of a mapping file, to find the one that was meant."""
