"""What a reader may not read of an event: its text goes, that it happened stays.

A customer is also not told by what they could count that which is not shown to them.
"""

from functools import cache
from typing import Any, Final, TypeVar

from domain.events import Event, Recorded
from domain.events.base import Part, marks
from domain.values import Reader

RESTRICTED: Final = "[restricted]"
"""What stands where a text is that the reader may not read."""

COUNTED: Final = {"ticket.agent_replied": ("seen_position",), "ticket.opened": ("continues",)}
"""Fields by which a customer could count what is not shown to them."""

OURS: Final = frozenset(("by", "owner_id", "resolved_by"))
"""Fields that name one of us."""

TOLD: Final = frozenset((
    "about", "continues", "department", "installation_id", "moved_event_ids", "parent_company_id",
    "previous_parent_id", "system", "ticket_id", "ticket_ids", "to_stream_id",
))  # fmt: skip
"""Optional fields that say of which thing an event is, not what it says of it."""

P = TypeVar("P", bound=Part)
E = TypeVar("E", bound=Event)


def redact(recorded: Recorded[E]) -> Recorded[E]:
    """Copy the event with every text replaced that would be sealed."""
    data = _without_text(recorded.data)
    return recorded if data is recorded.data else recorded.model_copy(update={"data": data})


def withhold(recorded: Recorded[E]) -> Recorded[E]:
    """Copy an event for one who may not read it: that it happened, when, and to which thing.

    No text is left, nobody's name, and nothing that it says of the thing.
    """
    role = recorded.actor.split("/", 1)[0]
    data = _without_content(recorded.data)
    return recorded.model_copy(update={"data": data, "actor": role, "subjects": ()})


def for_customer(recorded: Recorded[E]) -> Recorded[E]:
    """Copy a public event without what a customer could count by."""
    counted = [name for name in COUNTED.get(recorded.type, ()) if getattr(recorded.data, name)]
    if not counted:
        return recorded
    data = recorded.data.model_copy(update=dict.fromkeys(counted))
    return recorded.model_copy(update={"data": data})


def is_hidden(reader: Reader, recorded: Recorded[Any]) -> bool:
    """Say whether the event does not exist for *reader*: a customer sees what is public."""
    return reader.public_only and not (
        recorded.visibility == "public" and reader.may_read(recorded.company_id)
    )


def is_closed(reader: Reader, recorded: Recorded[Any]) -> bool:
    """Say whether *reader* may know that the event happened, but not read it."""
    return recorded.visibility not in reader.visibilities or not reader.may_read(
        recorded.company_id
    )


def _without_content(part: P) -> P:
    """Empty a part of what it tells: what may be left out is, and texts and people are gone."""
    bare, left_out = _without_text(part), _left_out(type(part))
    parts = {
        mark.field: () if mark.many else _without_content(getattr(part, mark.field))
        for mark in marks(type(part))
        if mark.part and mark.field not in left_out and mark.field not in TOLD
    }
    return bare.model_copy(update={**left_out, **parts})


@cache
def _left_out(model: type[Part]) -> dict[str, Any]:
    """Say what stands, in an event that is withheld, for what *model* may leave out."""
    sealed = {mark.field for mark in marks(model) if mark.seal}
    people = {mark.field for mark in marks(model) if mark.reference == "contact"} | OURS
    fields = model.model_fields.items()
    empty = {name: field.default for name, field in fields if not field.is_required()}
    named = {name: empty.get(name) for name in people & model.model_fields.keys()}
    return {name: value for name, value in {**empty, **named}.items() if name not in sealed | TOLD}


def _without_text(part: P) -> P:
    update: dict[str, Any] = {}
    for mark in marks(type(part)):
        value = getattr(part, mark.field)
        if not value or not (mark.seal or mark.part):
            continue
        blank = tuple(_blank(item) for item in value) if mark.many else _blank(value)
        if blank != value:
            update[mark.field] = blank
    return part.model_copy(update=update) if update else part


def _blank(value: Any) -> Any:
    return _without_text(value) if isinstance(value, Part) else RESTRICTED
