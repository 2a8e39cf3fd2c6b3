"""Tickets of which a part became one of its own: its entries stay where they are stored.

A split is a pointer, as a merge is.  From the split on, what it names and had happened by then
counts in the new ticket and no more in the old one: the states of both are folded again from
their events.  How a ticket stands to others (that it was opened, merged, moved, split) stays
with it, whatever a split names.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple, TypeVar

from domain.events import Event, Logged, Recorded
from domain.events.ticket import (
    TicketMergeReverted,
    TicketMovedAway,
    TicketOpened,
    TicketsMerged,
)
from domain.events.ties import TicketSplit
from projections.chunks import in_chunks
from projections.database import Row
from projections.projection import View
from projections.unions import NOW, At

COLUMNS: Final = ("position", "occurred_at", "event_id", "company_id", "away", "ticket")

SCHEMA: Final = (
    """CREATE TABLE {splits} (
    position {bigint} NOT NULL,
    occurred_at {bigint} NOT NULL,
    event_id {text} NOT NULL,
    company_id {text},
    away {text} NOT NULL,
    ticket {text} NOT NULL,
    PRIMARY KEY (position, event_id))""",
    "CREATE INDEX {splits}_by_away ON {splits} (away)",
    "CREATE INDEX {splits}_by_ticket ON {splits} (ticket)",
    "CREATE INDEX {splits}_by_company ON {splits} (company_id)",
)

TIES: Final = (TicketOpened, TicketsMerged, TicketMergeReverted, TicketMovedAway, TicketSplit)

Place = tuple[int, int]
"""(occurred_at in microseconds, position): the order of the fold."""

Gone = dict[tuple[str, str], str]
"""By stream and event, what left the stream that it is stored in, and for which."""

E = TypeVar("E", bound=Event)


class Moved(NamedTuple):
    """One event that a split took along.

    Attributes:
        position: Where the split stands, not the event.
        occurred_at: When the split happened, in microseconds.
        away: The stream it is stored in.
        ticket: The stream it counts in from then on.
    """

    position: int
    occurred_at: int
    event_id: str
    company_id: str | None
    away: str
    ticket: str

    @property
    def place(self) -> Place:
        """Where the split stands in the order of what happened."""
        return self.occurred_at, self.position


def keep(view: View, page: Iterable[Logged]) -> None:
    """Keep what a page of events says of splits."""
    rows: list[Row] = []
    for logged in page:
        at, position = logged.happened
        rows += [
            (position, at, event_id, logged.event.company_id, logged.event.stream_id, new)
            for event_id, new in named(logged.event)
        ]
    view.insert("splits", COLUMNS, rows)


def touching(view: View, streams: Iterable[str], at: At = NOW) -> list[Moved]:
    """List what splits took out of any of *streams*, or into it."""
    wanted = list(streams)
    found = {
        row
        for side in ("away", "ticket")
        for row in in_chunks(
            view,
            f"SELECT {', '.join(COLUMNS)} FROM {{splits}} WHERE position <= ? AND "
            f"occurred_at <= ? AND {side} IN (…)",
            wanted,
            (at.known_at, at.as_of),
        )
    }
    return sorted(map(Moved._make, found))


def of_companies(view: View, companies: Iterable[str], at: At = NOW) -> set[str]:
    """Name the streams of companies' tickets that were split, or came of a split."""
    rows = in_chunks(
        view,
        "SELECT DISTINCT away, ticket FROM {splits} WHERE position <= ? AND occurred_at <= ? "
        "AND company_id IN (…)",
        companies,
        (at.known_at, at.as_of),
    )
    return {stream for row in rows for stream in row}


def parted_by(recorded: Recorded[Any]) -> tuple[str, str] | None:
    """Name the streams of the old ticket and the new one, if an event splits a ticket."""
    if not isinstance(recorded.data, TicketSplit):
        return None
    return recorded.stream_id, f"ticket/{recorded.data.new_ticket_id}"


def belonging(events: Iterable[Logged], streams: Container[str]) -> list[Logged]:
    """List those of *events* that count in *streams*, each as one of the stream it counts in.

    Args:
        events: In the order they happened; all those of the streams and of what they came from.
    """
    placed: dict[tuple[str, str], Logged] = {}
    for logged in events:
        own = logged.event.stream_id
        for event_id, new in named(logged.event):
            if (found := placed.get((own, event_id))) and goes(found.event, own):
                placed[own, event_id] = replace(found, event=within(found.event, new))
        placed[own, str(logged.event.event_id)] = logged
    return [logged for logged in placed.values() if logged.event.stream_id in streams]


def lived_among(events: Iterable[Logged], split: Logged) -> list[Logged]:
    """List those of *events* that count in two tickets from the event on that split them."""
    before = (logged for logged in events if logged.happened <= split.happened)
    return belonging(before, parted_by(split.event) or ())


def lived(view: View, streams: Iterable[str], place: Place, known_at: int) -> list[Logged]:
    """List what counted in *streams* at a place of the order of what happened.

    Args:
        known_at: With what was recorded up to this position.
    """
    wanted = set(streams)
    if not wanted:
        return []
    if view.history is None:
        raise RuntimeError("what counted in a ticket when it was split takes the log")
    rows = touching(view, wanted, At(place[0], known_at))
    sources = wanted | {moved.away for moved in rows if moved.place <= place}
    events = view.history.before(sorted(sources), place, known_at)
    return belonging(events, wanted) if rows else events


def named(recorded: Recorded[Any]) -> Iterator[tuple[str, str]]:
    """Yield the events that a split names, and the stream of the new ticket."""
    if isinstance(recorded.data, TicketSplit):
        new = f"ticket/{recorded.data.new_ticket_id}"
        for event_id in dict.fromkeys(recorded.data.moved_event_ids):
            yield str(event_id), new


def goes(recorded: Recorded[Any], old: str) -> bool:
    """Say whether an event goes along if a split of *old* names it: what says of ties stays."""
    return recorded.stream_id == old and not isinstance(recorded.data, TIES)


def within(recorded: Recorded[E], stream: str) -> Recorded[E]:
    """Take an event as one of *stream*."""
    if stream == recorded.stream_id:
        return recorded
    return recorded.model_copy(update={"stream_id": stream})
