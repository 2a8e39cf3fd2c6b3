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
    f"INSERT INTO {{contexts}} (level, key, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (key, level) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in Known._fields)
)


class Sights(NamedTuple):
    """What is known of an entry by what each kind of reader can see of what was before it."""

    public: Known
    internal: Known
    restricted: Known


LEVELS: Final = Sights._fields

Place = tuple[str, str]
"""A level, and what is known there: a stream, or a part of one."""


class Contexts:
    """The contexts that one page of events needs: read once, written once.

    What is not public teaches nothing to those who cannot see it.  A level is kept apart from
    the internal one, which is most readers', only from where the two differ.
    """

    def __init__(self, view: View, page: Sequence[Logged]) -> None:
        keys = sorted({key for logged in page for key in _keys(logged.event)})
        self._known = dict(_read(view, keys))
        self._changed: set[Place] = set()

    def of(self, recorded: Recorded[Any]) -> Sights:
        """Learn from an event, and say what is known with it."""
        found = {level: self._with(recorded, level) for level in LEVELS}
        learning = LEVELS[LEVELS.index(recorded.visibility) :]
        for key in found["internal"][1]:
            before = {level: self._at(level, key) or NOTHING for level in LEVELS}
            after = {
                level: found[level][1][key] if level in learning else before[level]
                for level in LEVELS
            }
            for level, known in after.items():
                if level == "internal" or (level, key) in self._known or known != after["internal"]:
                    self._learn((level, key), known)
        return Sights(*(
            found[level][0]
            if level in learning
            else self._at(level, recorded.stream_id) or NOTHING
            for level in LEVELS
        ))  # fmt: skip

    def _with(self, recorded: Recorded[Any], level: str) -> tuple[Known, dict[str, Known]]:
        """Say what is known with an event, and what it teaches."""
        stream, event = recorded.stream_id, recorded.data
        known = self._at(level, stream) or NOTHING
        match event:
            case TicketOpened():
                known = _opened(event)
                return known, {stream: known}
            case TicketClassified():
                severity, product = event.severity or known.severity, event.product_id
                known = known._replace(severity=severity, product=product or known.product)
                return known, {stream: known}
            case TicketAssigned() if event.to.team:
                known = known._replace(department=event.to.team)
                return known, {stream: known}
            case ConsultationRequested():
                return known, {_part(recorded): known._replace(department=event.department)}
            case SurveySent():
                ticket = ticket_chain(event.ticket_id) if event.ticket_id else None
                known = Known(contact=event.contact_id, ticket=ticket)
                return known, {stream: known}
            case ProductInstalled():
                return known, {_part(recorded): Known(product=event.product_id)}
            case ConsultationAnswered():
                asked = self._at(level, _part(recorded)) or known
                return known._replace(department=asked.department), {}
            case InstallationConfigured():
                return self._at(level, _part(recorded)) or NOTHING, {}
            case _:
                return known, {}

    def save(self, view: View) -> None:
        """Write down what was learned."""
        rows = [(*place, *self._known[place]) for place in sorted(self._changed)]
        view.many(_UPSERT, rows)

    def _at(self, level: str, key: str) -> Known | None:
        apart = self._known.get((level, key))
        return self._known.get(("internal", key)) if apart is None else apart

    def _learn(self, place: Place, known: Known) -> None:
        if self._known.get(place) != known:
            self._known[place] = known
            self._changed.add(place)


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


def _read(view: View, keys: Sequence[str]) -> Iterable[tuple[Place, Known]]:
    if not keys:
        return
    # Filled up to a power of two, so that few different statements are prepared.
    room = 1 << (len(keys) - 1).bit_length()
    marks = ", ".join("?" * room)
    rows = view.all(
        f"SELECT level, key, {_COLUMNS} FROM {{contexts}} WHERE key IN ({marks})",
        [*keys, *[keys[-1]] * (room - len(keys))],
    )
    for level, key, *known in rows:
        yield (level, key), Known(*known)
