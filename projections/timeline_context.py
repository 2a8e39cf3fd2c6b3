"""What was known of a ticket when an entry was recorded: severity, product, department, people.

Entries are found by what was known *then*, in recorded order; what is learned later changes
later entries only.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from domain.events import Logged, Recorded
from domain.events.company import InstallationConfigured, ProductInstalled
from domain.events.duties import (
    ConsultationAnswered,
    ConsultationRequested,
)
from domain.events.survey import SurveySent
from domain.events.ticket import (
    TicketAssigned,
    TicketClassified,
    TicketOpened,
)
from domain.values import ticket_chain
from projections.projection import View


class Known(NamedTuple):
    """What is known of one stream, or of one consultation or installation in it."""

    severity: int | None = None
    product: str | None = None
    department: str | None = None
    channel: str | None = None
    contact: str | None = None
    ticket: str | None = None


NOTHING: Final = Known()
_COLUMNS: Final = ", ".join(Known._fields)
_UPSERT: Final = (
    f"INSERT INTO {{contexts}} (key, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in Known._fields)
)


class Contexts:
    """The contexts that one page of events needs: read once, written once."""

    def __init__(self, view: View, page: Sequence[Logged]) -> None:
        keys = sorted({key for logged in page for key in _keys(logged.event)})
        self._known = dict(_read(view, keys))
        self._changed: set[str] = set()

    def of(self, recorded: Recorded[Any]) -> Known:
        """Learn from an event, and say what is known with it."""
        stream, event = recorded.stream_id, recorded.data
        known = self._known.get(stream, NOTHING)
        match event:
            case TicketOpened():
                known = self._learn(stream, _opened(event))
            case TicketClassified():
                severity, product = event.severity or known.severity, event.product_id
                known = known._replace(severity=severity, product=product or known.product)
                self._learn(stream, known)
            case TicketAssigned() if event.to.team:
                known = self._learn(stream, known._replace(department=event.to.team))
            case ConsultationRequested():
                self._learn(_part(recorded), known._replace(department=event.department))
            case SurveySent():
                ticket = ticket_chain(event.ticket_id) if event.ticket_id else None
                known = self._learn(stream, Known(contact=event.contact_id, ticket=ticket))
            case ProductInstalled():
                self._learn(_part(recorded), Known(product=event.product_id))
            case ConsultationAnswered():
                asked = self._known.get(_part(recorded), known)
                known = known._replace(department=asked.department)
            case InstallationConfigured():
                known = self._known.get(_part(recorded), NOTHING)
            case _:
                pass
        return known

    def save(self, view: View) -> None:
        """Write down what was learned."""
        view.many(_UPSERT, [(key, *self._known[key]) for key in sorted(self._changed)])

    def _learn(self, key: str, known: Known) -> Known:
        if self._known.get(key) != known:
            self._known[key] = known
            self._changed.add(key)
        return known


def _opened(event: TicketOpened) -> Known:
    return Known(
        severity=event.severity,
        product=event.product_id,
        department=event.department,
        channel=event.channel,
        contact=event.requester_id,
    )


def _part(recorded: Recorded[Any]) -> str:
    """Name the consultation or installation that an event speaks of."""
    event = recorded.data
    match event:
        case ConsultationRequested() | ConsultationAnswered():
            return f"{recorded.stream_id}#{event.consultation_id}"
        case _:
            return f"{recorded.stream_id}#{event.installation_id}"


def _keys(recorded: Recorded[Any]) -> Iterator[str]:
    """Yield the contexts that an event may ask for."""
    if recorded.stream_id.startswith(("ticket/", "survey/")):
        yield recorded.stream_id
    if isinstance(recorded.data, (ConsultationAnswered, InstallationConfigured)):
        yield _part(recorded)


def _read(view: View, keys: Sequence[str]) -> Iterable[tuple[str, Known]]:
    if not keys:
        return
    # Filled up to a power of two, so that few different statements are prepared.
    room = 1 << (len(keys) - 1).bit_length()
    marks = ", ".join("?" * room)
    rows = view.all(
        f"SELECT key, {_COLUMNS} FROM {{contexts}} WHERE key IN ({marks})",
        [*keys, *[keys[-1]] * (room - len(keys))],
    )
    for key, *known in rows:
        yield key, Known(*known)
