"""Keeping dossiers: a page of events is folded into the rows of its companies.

What comes late folds its company again from the checkpoint before it.  That waits until no more
is to come, so that a long history that comes late is not folded again for each of its pages; or
until a stretch of the company's log ends, for what is kept must not depend on how the log was
cut into pages.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice, zip_longest
from typing import Final

from domain.events import Logged
from domain.values import UNASSIGNED
from projections import splits
from projections.database import Row
from projections.dossier import schema, tables
from projections.dossier.sides import Sides, of_document, of_record
from projections.dossier.standing import WEIGHING
from projections.dossier.tables import FOREVER, Kept
from projections.projection import History, Projection, View

AT_ONCE: Final = 500
"""Events read from the log by one look, where a company is folded again."""

HEAD: Final = """INSERT INTO {heads} (company_id, occurred_at, at_position, position, doc,
internal_doc) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (company_id) DO UPDATE SET
occurred_at = excluded.occurred_at, at_position = excluded.at_position,
position = excluded.position, doc = excluded.doc, internal_doc = excluded.internal_doc"""

STANDING: Final = """INSERT INTO {standings} (company_id, occurred_at, position, doc, internal_doc)
VALUES (?, ?, ?, ?, ?) ON CONFLICT (company_id) DO UPDATE SET
occurred_at = excluded.occurred_at, position = excluded.position, doc = excluded.doc,
internal_doc = excluded.internal_doc"""

TICKET: Final = """INSERT INTO {tickets} (stream, company_id, is_open, doc, internal_doc)
VALUES (?, ?, ?, ?, ?) ON CONFLICT (stream) DO UPDATE SET
is_open = excluded.is_open, doc = excluded.doc, internal_doc = excluded.internal_doc"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events of one company that stand side by side in its log, within one stretch of it.

    Attributes:
        number: Which stretch of the company's log it is part of.
    """

    company_id: str
    number: int
    events: list[Logged]

    @property
    def streams(self) -> set[str]:
        """The tickets it is about."""
        return _tickets(self.events)


@dataclass(slots=True)
class Written:
    """The rows that are written in one go."""

    heads: list[Row] = field(default_factory=list)
    standings: list[Row] = field(default_factory=list)
    tickets: list[Row] = field(default_factory=list)
    checkpoints: list[Row] = field(default_factory=list)

    def save(self, view: View) -> None:
        """Write them."""
        view.many(HEAD, self.heads)
        view.many(STANDING, self.standings)
        view.many(TICKET, self.tickets)
        view.insert("checkpoints", tables.CHECKPOINT, self.checkpoints)


def apply(view: View, page: Sequence[Logged]) -> None:
    """Fold a page of events into the rows of their companies."""
    arrived: dict[str, list[Logged]] = defaultdict(list)
    for logged in page:
        if (company_id := logged.event.company_id) is not None and company_id != UNASSIGNED:
            arrived[company_id].append(logged)
    known = {
        company: {person for logged in events for person in logged.event.subjects}
        for company, events in arrived.items()
    }
    tables.name_subjects(view, known)
    stretches = [list(_stretches(company, events)) for company, events in arrived.items()]
    for together in zip_longest(*stretches):  # the first stretch of each company, the second, …
        _fold(view, [stretch for stretch in together if stretch])


def settle(view: View, companies: Iterable[str] | None = None) -> None:
    """Fold again what waits for it, of some companies or of all."""
    written = Written()
    for company_id, number in tables.waiting(view, companies):
        _again(view, company_id, number, written)
        view.run("DELETE FROM {waiting} WHERE company_id = ?", (company_id,))
    written.save(view)


dossiers: Final = Projection(
    name="dossier",
    version=1,
    tables=schema.TABLES,
    schema=schema.SCHEMA,
    apply=apply,
    settle=settle,
    sequence=lambda stream_id, company_id: company_id or stream_id,
)


def forget(view: View, contact_id: str) -> None:
    """Take out what a person said or was told, as a rebuild does once the key is destroyed.

    The companies that know of them are folded again from the log, checkpoints included.
    """
    for company_id in tables.companies_that_know(view, contact_id):
        positions = tables.clear(view, company_id)
        for start in range(0, len(positions), AT_ONCE):
            apply(view, history_of(view).at(positions[start : start + AT_ONCE]))
        settle(view, [company_id])


def events_after(
    view: View,
    company_id: str,
    base: Kept | None,
    until: int,
    known_at: int,
    *,
    weighing: bool = False,
) -> Iterator[list[Logged]]:
    """Read what happened after a checkpoint, in that order, some hundreds at a time.

    Args:
        weighing: Only what can change how the company stands, in short.
    """
    place = base.place if base else (-1, 0)
    places = tables.positions(view, company_id, place, until, known_at, weighing=weighing)
    wanted = iter(places)
    while part := list(islice(wanted, AT_ONCE)):
        yield history_of(view).at(part)


def unknown_tickets(
    view: View, events: Sequence[Logged], at_hand: Iterable[str], base: Kept | None, known_at: int
) -> list[Logged]:
    """Read what happened before a checkpoint to tickets that were not open then."""
    streams = _tickets(events) - set(at_hand)
    return splits.lived(view, streams, base.place, known_at) if base else []


def history_of(view: View) -> History:
    """Find the log.

    Raises:
        RuntimeError: If the view was made without.
    """
    if view.history is None:
        raise RuntimeError("a late event, or a view of the past, folds a company again: "
                           "that takes the log")  # fmt: skip
    return view.history


def _stretches(company_id: str, events: list[Logged]) -> Iterator[Stretch]:
    for number, part in groupby(events, _number):
        yield Stretch(company_id, number, list(part))


def _number(logged: Logged) -> int:
    return ((logged.company_seq or 1) - 1) // tables.STRETCH


def _tickets(events: Sequence[Logged]) -> set[str]:
    own = {logged.event.stream_id for logged in events if logged.event.kind == "ticket"}
    parted = (splits.parted_by(logged.event) for logged in events)
    return own | {stream for streams in parted if streams for stream in streams}


def lived_by(view: View, split: Logged, known_at: int) -> list[Logged]:
    """List what counts in two tickets from the event on that split them; else nothing."""
    streams = splits.parted_by(split.event)
    return splits.lived(view, streams, split.happened, known_at) if streams else []


def _fold(view: View, stretches: list[Stretch]) -> None:
    """Fold one stretch of each of some companies, or let it wait."""
    heads = tables.heads(view, (stretch.company_id for stretch in stretches))
    ended = [s.company_id for s in stretches if _waits_for_another(s, heads.get(s.company_id))]
    if ended:
        settle(view, ended)
        heads.update(tables.heads(view, ended))
    view.insert("places", tables.PLACE, [
        row for stretch in stretches
        for row in _places(view, stretch, heads.get(stretch.company_id))
    ])  # fmt: skip
    splits.keep(view, [logged for stretch in stretches for logged in stretch.events])
    written, onward = Written(), []
    for stretch in stretches:
        stretch.events.sort(key=lambda logged: logged.happened)
        head = heads.get(stretch.company_id)
        if head is None or (head.waits is None and stretch.events[0].happened > head.place):
            onward.append((stretch, of_record(head)))
        else:
            _wait(view, stretch, head)
    _at_hand(view, onward)
    for stretch, sides in onward:
        known_at = max(logged.position for logged in stretch.events)
        written.checkpoints += _taken(
            view, sides, (stretch.company_id, stretch.number), stretch.events, known_at
        )
        _enter(written, stretch.company_id, sides, stretch.streams)
    written.save(view)


def _waits_for_another(stretch: Stretch, head: Kept | None) -> bool:
    return head is not None and head.waits not in (None, stretch.number)


def _wait(view: View, stretch: Stretch, head: Kept) -> None:
    """Say which checkpoints lack the events, and that the company is to be folded again."""
    company_id, number = stretch.company_id, stretch.number
    tables.supersede(view, company_id, [e.happened for e in stretch.events], number)
    if head.waits is None:
        view.insert("waiting", ("company_id", "stretch"), [(company_id, number)])


def _places(view: View, stretch: Stretch, head: Kept | None) -> Iterator[Row]:
    latest = head.place[0] if head else -1
    if head and head.waits is not None:  # its own place is not the last one
        latest, _ = tables.latest(view, stretch.company_id) or (latest, 0)
    for logged in stretch.events:
        occurred_at, position = logged.happened
        latest = max(latest, occurred_at)
        weighs = int(logged.event.type in WEIGHING)
        yield stretch.company_id, position, occurred_at, latest, weighs


def _at_hand(view: View, onward: list[tuple[Stretch, Sides]]) -> None:
    """Put at hand the tickets of the events, and all open ones where a checkpoint is due."""
    by_company = {stretch.company_id: sides for stretch, sides in onward}
    streams = {stream for stretch, _ in onward for stream in stretch.streams}
    due = [s.company_id for s, sides in onward if _is_due(sides, len(s.events))]
    rows = [*tables.tickets_of(view, streams), *tables.open_tickets(view, due)]
    for stream, company_id, _, doc, internal in rows:
        sides = by_company[company_id]
        if stream not in sides.full.tickets:
            sides.add(stream, (doc, internal))


def _is_due(sides: Sides, more: int) -> bool:
    before = sides.full.company.events
    return before // tables.EVERY != (before + more) // tables.EVERY


def _again(view: View, company_id: str, number: int, written: Written) -> None:
    """Fold a company again from the last checkpoint in which nothing is missing.

    Args:
        number: The stretch of its log that ends with what is folded.
    """
    base = tables.last_checkpoint(view, company_id)
    sides = of_document(base)
    _, known_at = tables.latest(view, company_id) or (0, 0)
    touched: set[str] = set()
    for events in events_after(view, company_id, base, FOREVER, known_at):
        sides.recall(unknown_tickets(view, events, sides.full.tickets, base, known_at))
        touched |= _tickets(events)
        written.checkpoints += _taken(view, sides, (company_id, number), events, known_at)
    _enter(written, company_id, sides, touched)


def _taken(
    view: View, sides: Sides, stretch: tuple[str, int], events: list[Logged], known_at: int
) -> Iterator[Row]:
    """Fold *events*, and yield the checkpoints that are passed."""
    company_id, number = stretch
    for logged in events:
        sides.take(logged, lived_by(view, logged, known_at))
        folded = sides.full.company.events
        if folded % tables.EVERY:
            continue
        documents = sides.whole
        if not folded % tables.spacing(len(documents[0])):
            yield company_id, *sides.place, number, sides.position, folded, *documents


def _enter(written: Written, company_id: str, sides: Sides, touched: set[str]) -> None:
    written.heads.append((company_id, *sides.place, sides.position, *sides.company))
    written.standings.append((company_id, sides.place[0], sides.position, *sides.standing))
    for stream in sorted(touched & sides.full.tickets.keys()):
        is_open = int(sides.full.tickets[stream].is_open)
        written.tickets.append((stream, company_id, is_open, *sides.ticket(stream)))
