"""One entry of the timeline: what it is found by, and the documents that readers are given.

A document is stored without its beginning: its place and its cursor are put in front when it
is read.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import orjson

from domain.events import Logged, Recorded
from domain.values import micros, rfc3339, ticket_chain
from projections.lines import line_of
from projections.redaction import COUNTED
from projections.slots import SLOT, clean_json
from projections.timeline_context import Known, Sights
from projections.words import texts

Fields = Mapping[str, Any]
"""The fields that an event's model has, by name."""

COLUMNS: Final = (
    "position",
    "company_id",
    "company_seq",
    "public_seq",
    "occurred_at",
    "recorded_at",
    "event_id",
    "type",
    "stream",
    "ticket_id",
    "contact_id",
    "actor",
    "channel",
    "severity",
    "product",
    "department",
    "visibility",
    "late",
    "inferred",
    "document",
    "redacted",
)

PEOPLE: Final = (
    "contact_id",
    "requester_id",
    "from_contact_id",
    "to_contact_id",
    "by_contact_id",
    "confirmed_by",
    "agreed_with",
)
"""Where an event names the person it is about, the first that is given."""


FACETS: Final = {
    "contact_id": "contact", "channel": "channel", "severity": "severity", "product": "product",
    "department": "department",
}  # fmt: skip
"""Columns that may hold what is known from earlier entries."""


class Facets(NamedTuple):
    """What an entry is found by, apart from its time and type.

    Where it names several tickets, people or products, none is its own; they are `also`.
    """

    ticket: str | None
    contact: str | None
    channel: str | None
    severity: int | None
    product: str | None
    department: str | None
    also: tuple[tuple[str, str], ...]


class Entry(NamedTuple):
    """An entry as it is stored, and the text it is searched by."""

    row: tuple[Any, ...]
    also: tuple[tuple[str, str], ...]
    text: str


def render(logged: Logged, known: Sights) -> Entry:
    """Make the entry of an event, with what was known at that point to those who read it."""
    recorded = logged.event
    facets, lesser = facets_of(recorded, known.internal), facets_of(recorded, known.public)
    if recorded.visibility == "restricted":
        lesser = facets
        facets = facets_of(recorded, known.restricted)._replace(department=facets.department)
    line = line_of(recorded)
    full = document(recorded, logged.late, facets, line)
    row = (
        logged.position,
        recorded.company_id,
        logged.company_seq,
        logged.public_seq,
        micros(recorded.occurred_at),
        micros(recorded.recorded_at),
        str(recorded.event_id),
        recorded.type,
        recorded.stream_id,
        facets.ticket,
        facets.contact,
        recorded.actor,
        facets.channel,
        facets.severity,
        facets.product,
        facets.department,
        recorded.visibility,
        int(logged.late),
        _inferred(facets, lesser) if recorded.visibility == "public" else None,
        full,
        _lesser(recorded, logged.late, facets, lesser, line),
    )
    return Entry(row, facets.also, " ".join((SLOT.sub("", line), *texts(recorded.data))))


def document(
    recorded: Recorded[Any], late: bool, facets: Facets, line: str, without: set[str] | None = None
) -> bytes:
    """Write the JSON of an entry, from ``event_id`` on."""
    beginning = _beginning(recorded, late, facets, recorded.actor)
    fields = recorded.data.__pydantic_serializer__.to_json(recorded.data, exclude=without)
    return b'%b,"text":%b,"data":%b}' % (beginning, orjson.dumps(line), clean_json(fields))


def _inferred(facets: Facets, seen: Facets) -> str | None:
    """List the columns that say what is known from entries which a customer cannot see."""
    names = [column for column, name in FACETS.items()
             if getattr(facets, name) != getattr(seen, name)]  # fmt: skip
    return f" {' '.join(names)} " if names else None


def _lesser(
    recorded: Recorded[Any], late: bool, facets: Facets, seen: Facets, line: str
) -> bytes | None:
    """Write what is shown to those who may not read it all, if there are any.

    A restricted entry keeps its time, type, department, ticket and the role of who did it; a
    public one loses what a customer could count by, and what only our own people know of it.

    Args:
        seen: What such readers know of it.
    """
    if recorded.visibility == "restricted":
        seen = seen._replace(contact=None, channel=None)
        role = recorded.actor.split("/", 1)[0]
        return _beginning(recorded, late, seen, role) + b',"text":"restricted","data":{}}'
    if recorded.visibility != "public":
        return None
    counted = COUNTED.get(recorded.type, ())
    shown = (seen.ticket, seen.contact, seen.channel, seen.department)
    if not any(getattr(recorded.data, field) is not None for field in counted) and shown == (
        facets.ticket, facets.contact, facets.channel, facets.department,
    ):  # fmt: skip
        return None
    return document(recorded, late, seen, line, without=set(counted))


def _beginning(recorded: Recorded[Any], late: bool, facets: Facets, actor: str) -> bytes:
    head = orjson.dumps(
        {
            "event_id": recorded.event_id,
            "type": recorded.type,
            "occurred_at": rfc3339(recorded.occurred_at),
            "recorded_at": rfc3339(recorded.recorded_at),
            "late": late,
            "actor": actor,
            "company_id": recorded.company_id,
            "ticket_id": facets.ticket,
            "contact_id": facets.contact,
            "channel": facets.channel,
            "department": facets.department,
            "visibility": recorded.visibility,
        }
    )
    return clean_json(head[1:-1])


def facets_of(recorded: Recorded[Any], known: Known) -> Facets:
    """Say what an entry is found by: its own fields first, then what is known of its ticket."""
    event = recorded.data
    has: Fields = event.__pydantic_fields__
    tickets, products = _tickets(recorded, has), _products(event, has)
    people = _people(recorded)
    ticket, product = _only(tickets), _only(products)
    contact = _told(event) or _only(people) or (None if people else known.contact)
    also = [("ticket", one) for one in tickets if one != ticket]
    also += [("contact", one) for one in people if one != contact]
    also += [("product", one) for one in products if one != product]
    return Facets(
        ticket=ticket or known.ticket,
        contact=contact,
        channel=_channel(event, has) or known.channel,
        severity=(event.severity if "severity" in has else None) or known.severity,
        product=product or known.product,
        department=(event.department if "department" in has else None) or known.department,
        also=tuple(also),
    )


def _told(event: Any) -> str | None:
    """Find the person whom an event says it is about."""
    for field in _about(event.__class__):
        if person := getattr(event, field):
            return str(person)
    return None


@cache
def _about(model: Any) -> tuple[str, ...]:
    """List where *model* may name the person it is about."""
    return tuple(field for field in PEOPLE if field in model.model_fields)


def _only(ids: Sequence[str]) -> str | None:
    """Give the one of *ids*, if there is just one."""
    return ids[0] if len(ids) == 1 else None


def _tickets(recorded: Recorded[Any], has: Fields) -> tuple[str, ...]:
    if recorded.stream_id.startswith("ticket/"):
        return (ticket_chain(recorded.local_id),)
    event = recorded.data
    if "ticket_ids" in has:
        return tuple(dict.fromkeys(map(ticket_chain, event.ticket_ids)))
    return (ticket_chain(event.ticket_id),) if "ticket_id" in has and event.ticket_id else ()


def _products(event: Any, has: Fields) -> tuple[str, ...]:
    if "lines" in has:
        return tuple(dict.fromkeys(line.product_id for line in event.lines))
    return (event.product_id,) if "product_id" in has and event.product_id else ()


def _people(recorded: Recorded[Any]) -> tuple[str, ...]:
    """List the contacts that an event names, and the one who did it."""
    role, person = recorded.actor.split("/", 1)
    if role != "contact" or person in recorded.subjects:
        return recorded.subjects
    return (*recorded.subjects, person)


def _channel(event: Any, has: Fields) -> str | None:
    """Say by which channel it came: for a touch that is its kind."""
    if "participants" in has:
        return str(event.kind)
    return event.channel if "channel" in has else None
