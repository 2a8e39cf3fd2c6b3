"""What a mapping may fill a field of an event with."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, RootModel, Tag


class Section(BaseModel):
    """A table of the mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True)


class ColumnValue(Section):
    """A field of an event that is filled from a column.

    Attributes:
        table: The name of the table that turns the column's values into others.
        previous: Take the value that the column had in the ticket's row before.
        only_changed: Leave the field out unless the value differs from the row before.
        id: Make an id of it, with `prefix`, after cutting off `strip`.
        time: Read it as a time, in the form of `[time]`.
    """

    column: str
    table: str | None = None
    previous: bool = False
    only_changed: bool = False
    id: bool = False
    prefix: str = ""
    strip: str = ""
    time: bool = False


class This(Section):
    """A field of an event that is filled from where the row stands."""

    this: Literal["contact", "company", "ticket", "row"]


class Parts(RootModel[dict[str, "Value"]]):
    """A part of an event, with fields of its own."""

    model_config = ConfigDict(frozen=True)


class Items(RootModel[tuple["Value", ...]]):
    """A list."""

    model_config = ConfigDict(frozen=True)


def _shape(value: Any) -> str:
    if isinstance(value, ColumnValue) or (isinstance(value, dict) and "column" in value):
        return "<column>"
    if isinstance(value, This) or (isinstance(value, dict) and "this" in value):
        return "<this>"
    if isinstance(value, Parts | dict):
        return "<parts>"
    return "<items>" if isinstance(value, Items | list) else "<constant>"


Value = Annotated[
    Annotated[ColumnValue, Tag("<column>")]
    | Annotated[This, Tag("<this>")]
    | Annotated[Parts, Tag("<parts>")]
    | Annotated[Items, Tag("<items>")]
    | Annotated[bool | int | float | str, Tag("<constant>")],
    Discriminator(_shape),
]
"""What fills a field: a constant, a column, where the row stands, a part or a list."""

Parts.model_rebuild()
Items.model_rebuild()


def columns_in(value: Any) -> Iterator[ColumnValue]:
    """Yield every column that fills something, however deep."""
    if isinstance(value, ColumnValue):
        yield value
    elif isinstance(value, Parts):
        for item in value.root.values():
            yield from columns_in(item)
    elif isinstance(value, Items):
        for item in value.root:
            yield from columns_in(item)
