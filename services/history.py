"""The events of one ticket or one company, opened, in the order they happened.

A ticket is the whole chain of its streams.  Rights are looked at before any text is opened, and
an event is opened when it is looked at: to put a long history in order, its times are enough.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from domain.values import Reader, moment, rfc3339, ticket_chain
from projections import splits, tickets, unions
from projections.projection import View
from projections.replay import Step, company_replay, replay
from projections.splits import Moved
from projections.ticket_folding import EVERY
from projections.ticket_streams import WHOLE, Parts
from projections.unions import FOR_EVER, At
from services.control import Keyring
from services.store import Log, Place
from services.stored_events import Events

TICKET: Final = "ticket/"
COMPANY: Final = "company/"


@dataclass(frozen=True, slots=True)
class Link:
    """One stream of a ticket's chain.

    Attributes:
        company_id: Whose it is; ``None`` if the reader may not know.
        since: When it began.
    """

    ticket_id: str
    company_id: str | None
    since: str


@dataclass(frozen=True)
class History:
    """What happened to a ticket, or with a company, as one reader may know of it.

    Attributes:
        events: In the order they happened, without those hidden from the reader.
        companies: Those it belongs to that the reader may read.
        ticket_id: The chain's first stream; ``None`` for a company.
        company_id: The company, which holds what it absorbed; ``None`` for a ticket.
        parts: What splits have to do with it.
        left: What splits took from it: where that stands, and the split.
    """

    reader: Reader
    events: Events
    companies: list[str]
    ticket_id: str | None
    parts: Parts = WHOLE
    company_id: str | None = None
    left: Sequence[tuple[int, tuple[bytes, int]]] = ()

    @property
    def position(self) -> int:
        """The largest position in it."""
        return max(place.position for place in self.events.places)

    def links(self, count: int) -> list[Link]:
        """List the streams of the ticket's chain that had begun by step *count*."""
        firsts: dict[str, Place] = {}
        for place in self.events.places[:count]:
            if ticket_chain(place.stream_id.removeprefix(TICKET)) == self.ticket_id:
                firsts.setdefault(place.stream_id, place)
        return [
            Link(
                place.stream_id.split("/", 1)[1],
                place.company_id if self.reader.may_read(place.company_id) else None,
                place.happened.decode(),
            )
            for place in firsts.values()
        ]

    def gone_by(self, count: int) -> frozenset[int]:
        """Name, by position, what splits among the first *count* steps took from the ticket."""
        then = [place[:2] for place in self.events.places[:count][-1:]]
        return frozenset(gone for gone, split in self.left if [split] <= then)

    def ordinal(self, event_id: str) -> int | None:
        """Say which step an event is."""
        begins = f'{{"event_id":"{event_id}"'.encode()
        states = (row.state for rows in self.events.stored() for row in rows)
        return next((n for n, state in enumerate(states, 1) if state.startswith(begins)), None)


def streams_of(log: Log, ticket_id: str) -> list[str]:
    """List the streams of a ticket's chain that exist; any of them names it."""
    chain = ticket_chain(ticket_id.removeprefix(TICKET))
    return list(_existing(log, f"{TICKET}{chain}"))


def streams_within(
    log: Log, view: View, reader: Reader, ticket_id: str, known_at: int | None = None
) -> list[str]:
    """List the streams of a ticket, its own first, then those of tickets that go on inside it.

    A customer is told of no merge.

    Args:
        view: Of the tickets.
        known_at: With the merges that were recorded up to this position.
    """
    own = streams_of(log, ticket_id)
    if not own or reader.public_only:
        return own
    at = At(known_at=FOR_EVER if known_at is None else known_at)
    chain = ticket_chain(ticket_id.removeprefix(TICKET))
    more = unions.parts(view, "ticket", [chain], at)
    return [*own, *(stream for one in more for stream in streams_of(log, one))]


def read_history(
    log: Log, keyring: Keyring, reader: Reader, streams: list[str], *, view: View, upto: int | None
) -> History | None:
    """Read the streams of a ticket, its own first; ``None`` if there is nothing to see.

    Args:
        view: Of the tickets.
        upto: The last position that counts.
    """
    if not streams:
        return None
    known_at = At(known_at=FOR_EVER if upto is None else upto)
    moved = [] if reader.public_only else splits.touching(view, streams, known_at)
    places, left = log.places(streams, upto), []
    for split, ids in _by_split(moved).items():
        found = [p for p in log.places_of(split.away, ids, upto) if p[:2] <= _place_of(split)]
        if split.away not in streams:
            places += found
        elif split.ticket not in streams:
            left += [(place.position, _place_of(split)) for place in found]
    brought = {(m.away, m.event_id): m.ticket for m in moved if m.away not in streams}
    parts = Parts(frozenset(stream for m in moved for stream in (m.away, m.ticket)), brought)
    chain = ticket_chain(streams[0].removeprefix(TICKET))
    history = _seen(reader, Events(sorted(places), log, keyring), chain, parts)
    return history and replace(history, left=left)


def _by_split(moved: Iterable[Moved]) -> dict[Moved, list[str]]:
    """Sort what was moved by the splits, each with the first that it moved."""
    found: dict[int, tuple[Moved, list[str]]] = {}
    for one in moved:
        found.setdefault(one.position, (one, []))[1].append(one.event_id)
    return dict(found.values())


def _place_of(split: Moved) -> tuple[bytes, int]:
    return rfc3339(moment(split.occurred_at)).encode(), split.position


def read_company(
    log: Log, keyring: Keyring, reader: Reader, company_id: str, *, view: View, upto: int | None
) -> History | None:
    """Read all that happened with a company and those it absorbed, as far as one may read them.

    A customer is told of no merge.

    Args:
        view: Of the tickets.
        upto: The last position that counts.
    """
    known_at = At(known_at=FOR_EVER if upto is None else upto)
    companies = [company_id]
    if not reader.public_only:
        found = unions.companies_in(view, company_id, known_at)
        companies = [one for one in found if reader.may_read(one)]
    places = sorted(place for one in companies for place in log.places_of_company(one, upto))
    parts = Parts(splits.of_companies(view, companies, known_at))
    history = _seen(reader, Events(places, log, keyring), None, parts)
    return history and replace(history, company_id=company_id)


def _seen(reader: Reader, events: Events, ticket_id: str | None, parts: Parts) -> History | None:
    """Leave out what is hidden from the reader."""
    companies = _readable(reader, events.places)
    if not companies:
        return None
    if reader.public_only:
        events = events.only(place for place in events.places if not _is_hidden(reader, place))
    return History(reader, events, companies, ticket_id, parts) if events.places else None


def _existing(log: Log, first: str) -> Iterator[str]:
    number, stream = 1, first
    while log.stream_exists(stream):
        yield stream
        number += 1
        stream = f"{first}~{number}"


def _is_hidden(reader: Reader, place: Place) -> bool:
    """Say whether an event does not exist for a customer: what is public has a public number."""
    return place.public_seq is None or not reader.may_read(place.company_id)


def _readable(reader: Reader, places: Sequence[Place]) -> list[str]:
    found = {place.company_id for place in places}
    return sorted(company for company in found if company and reader.may_read(company))


def walk(history: History, view: View, first: int, count: int) -> Iterator[Step]:
    """Yield *count* steps from *first* on, each with the state after it.

    Args:
        view: Of the tickets; it keeps states from which a long replay is taken up.
    """
    last = first + count - 1
    if history.ticket_id is None:
        yield from company_replay(
            history.events[:last], history.reader, start=first, parts=history.parts,
            company_id=history.company_id,
        )  # fmt: skip
        return
    after, events = _taken_up(history, view, first, last)
    yield from replay(
        events, history.reader, start=first, after=after, ticket_id=history.ticket_id,
        parts=history.parts,
    )  # fmt: skip


def _taken_up(history: History, view: View, first: int, last: int) -> tuple[Step | None, Events]:
    """Find states from which a replay can be taken up before step *first*, and what is to follow.

    Each stream has its own: nothing that happens in one changes another, unless it is split.
    """
    places, documents, covered = history.events.places, [], set[int]()
    for stream, passed in _by_stream(history, first - 1).items():
        found = tickets.checkpoint(view, history.reader, stream, len(passed) + 1)
        if found is None:
            continue
        at, position = found.last
        if places[passed[found.step - 1]][:2] == (rfc3339(moment(at)).encode(), position):
            documents.append(found.document)
            covered.update(passed[: found.step])
    if not documents:
        return None, history.events[:last]
    rest = [place for n, place in enumerate(places[:last]) if n not in covered]
    return Step(len(covered), None, {}, documents[0], tuple(documents[1:])), history.events.only(
        rest
    )


def _by_stream(history: History, count: int) -> dict[str, list[int]]:
    """List which of the first *count* steps are in each stream that is long enough."""
    found: dict[str, list[int]] = {}
    if history.reader.public_only or history.parts.split:
        return found
    for n, place in enumerate(history.events.places[:count]):
        if history.reader.may_read(place.company_id):
            found.setdefault(place.stream_id, []).append(n)
    return {stream: passed for stream, passed in found.items() if len(passed) >= EVERY}
