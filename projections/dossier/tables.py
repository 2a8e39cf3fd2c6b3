"""The dossier's tables: a row for each company and ticket, checkpoints, and where events stand.

Of each company there is a short row, too, so that all companies can be looked at together.

A checkpoint is the document after every `EVERY` events in the order they happened.  It carries
the place it holds as of and its largest position.  What comes late supersedes those behind it,
from its position on; they still serve who asks what was known before.

A company to which something came late waits to be folded again while more is to come: its rows
lack that, so it is named in `waiting`, and is read from its checkpoints meanwhile.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from projections.chunks import in_chunks
from projections.database import Row
from projections.dossier.schema import TABLES
from projections.projection import View

EVERY: Final = 250
"""Events between two checkpoints: a fold of so many takes some milliseconds."""

STRETCH: Final = 4_000
"""Events of a company within which a checkpoint that is superseded is dropped, not kept.

Without it, a long history that comes in late would leave as many copies of all checkpoints as
it has pages.
"""

KEPT_FOR_EVER: Final = 2_000
"""Of superseded checkpoints those are kept that stand after so many events, and multiples of it.

They serve who asks what was known before; a long history that comes in after a later one would
leave a copy of all of them for each of its stretches.
"""

LARGE: Final = 300_000
"""Bytes of a document from which on there is a checkpoint only every second time.

Of twice that size only every fourth time, and so on, at most every eighth time.
"""

Place = tuple[int, int]
"""(occurred_at in microseconds, position): the order of the fold."""

FOREVER: Final = 2**63 - 1

HEAD: Final = ("company_id", "occurred_at", "at_position", "position", "doc", "internal_doc")
TICKET: Final = ("stream", "company_id", "is_open", "doc", "internal_doc")
PLACE: Final = ("company_id", "position", "occurred_at", "latest", "weighs")
CHECKPOINT: Final = (
    "company_id", "occurred_at", "at_position", "born", "position", "events", "doc",
    "internal_doc",
)  # fmt: skip

STANDS: Final = """SELECT company_id, occurred_at, position, doc, internal_doc,
company_id NOT IN (SELECT company_id FROM {waiting}) FROM {standings}"""
WAITS: Final = "(SELECT stretch FROM {waiting} WHERE {waiting}.company_id = {heads}.company_id)"
KEPT: Final = "SELECT occurred_at, at_position, position, doc, internal_doc FROM"
AFTER: Final = "(occurred_at, position) > (?, ?)"


class Kept(NamedTuple):
    """A document that is kept: of a company as it stands, or of a checkpoint.

    Attributes:
        position: The largest position in it.
        waits: The stretch of the log in which something came late that is not in it.
    """

    place: Place
    position: int
    doc: bytes
    internal: bytes | None
    waits: int | None = None


class Standing(NamedTuple):
    """How a company stands, in short.

    Attributes:
        occurred_at: When the last thing happened that is in it, in microseconds since 1970.
        position: The largest position in it.
        is_whole: Whether nothing waits to be folded into it.
    """

    company_id: str
    occurred_at: int
    position: int
    doc: bytes
    internal: bytes | None
    is_whole: bool


def spacing(size: int) -> int:
    """Say how many events lie between two checkpoints, if the document has *size* bytes."""
    return EVERY << min((size // LARGE).bit_length(), 3)


def heads(view: View, companies: Iterable[str]) -> dict[str, Kept]:
    """Read the records of companies as they stand, without their tickets."""
    rows = in_chunks(
        view,
        f"SELECT {', '.join(HEAD)}, {WAITS} FROM {{heads}} WHERE company_id IN (…)",
        companies,
    )
    return {row[0]: _kept(row[1:-1])._replace(waits=row[-1]) for row in rows}


def waiting(view: View, companies: Iterable[str] | None = None) -> list[tuple[str, int]]:
    """List which companies wait to be folded again, of some or of all, and for which stretch."""
    wanted = "SELECT company_id, stretch FROM {waiting}"
    if companies is None:
        return [(company_id, number) for company_id, number in view.all(wanted)]
    rows = in_chunks(view, f"{wanted} WHERE company_id IN (…)", companies)
    return [(company_id, number) for company_id, number in rows]


def standings(view: View, companies: Iterable[str] | None = None) -> Iterator[Standing]:
    """Read how companies stand, all of them or those that are named, in no order.

    All are read at once, so that nothing else that is asked meanwhile comes in between.
    """
    if companies is None:
        rows: Iterable[Row] = view.all(STANDS)
    else:
        rows = in_chunks(view, f"{STANDS} WHERE company_id IN (…)", companies)
    for company_id, at, position, doc, internal, is_whole in rows:
        yield Standing(company_id, at, position, doc, internal, bool(is_whole))


def tickets_of(view: View, streams: Iterable[str]) -> Iterator[Row]:
    """Read tickets by their streams."""
    return in_chunks(view, f"SELECT {', '.join(TICKET)} FROM {{tickets}} WHERE stream IN (…)",
                     streams)  # fmt: skip


def open_tickets(view: View, companies: Iterable[str]) -> Iterator[Row]:
    """Read all open tickets of companies."""
    return in_chunks(
        view,
        f"SELECT {', '.join(TICKET)} FROM {{tickets}} WHERE is_open = 1 AND company_id IN (…)",
        companies,
    )


def last_checkpoint(view: View, company_id: str) -> Kept | None:
    """Find the last checkpoint in which nothing is missing."""
    row = view.one(
        f"{KEPT} {{checkpoints}} WHERE company_id = ? AND superseded_at IS NULL "
        "ORDER BY occurred_at DESC, at_position DESC LIMIT 1",
        (company_id,),
    )
    return _kept(row) if row else None


def best_checkpoint(view: View, company_id: str, until: int, known_at: int) -> Kept | None:
    """Find the last checkpoint that lies within a time and a position, and lacks nothing."""
    row = view.one(
        f"{KEPT} {{checkpoints}} WHERE company_id = ? AND occurred_at <= ? AND position <= ? "
        "AND (superseded_at IS NULL OR superseded_at > ?) "
        "ORDER BY occurred_at DESC, at_position DESC LIMIT 1",
        (company_id, until, known_at, known_at),
    )
    return _kept(row) if row else None


def positions(
    view: View,
    company_id: str,
    after: Place,
    until: int,
    known_at: int,
    *,
    weighing: bool = False,
) -> list[int]:
    """List where a company's events stand, in the order they happened.

    Args:
        weighing: Only those that can change how the company stands, in short.
    """
    rows = view.all(
        f"SELECT position FROM {{places}} WHERE company_id = ? AND {AFTER} "
        f"AND occurred_at <= ? AND position <= ? {'AND weighs = 1 ' if weighing else ''}"
        "ORDER BY occurred_at, position",
        (company_id, *after, until, known_at),
    )
    return [position for (position,) in rows]


def latest(view: View, company_id: str, known_at: int = FOREVER) -> Place | None:
    """Say when the last thing happened of all that was known at a position.

    And at which position something was recorded last; the two need not be of one event.  What is
    parked is not folded, and nothing of its company that was recorded after it.
    """
    row = view.one(
        "SELECT latest, position FROM {places} WHERE company_id = ? AND position <= ? "
        "ORDER BY position DESC LIMIT 1",
        (company_id, known_at),
    )
    return (int(row[0]), int(row[1])) if row else None


def name_subjects(view: View, companies: Mapping[str, set[str]]) -> None:
    """Note which companies know of which people, so that a person can be forgotten."""
    view.many(
        "INSERT INTO {subjects} (contact_id, company_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        sorted((person, company) for company, known in companies.items() for person in known),
    )


def companies_that_know(view: View, contact_id: str) -> list[str]:
    """List the companies that know of a person."""
    rows = view.all(
        "SELECT company_id FROM {subjects} WHERE contact_id = ? ORDER BY company_id", (contact_id,)
    )
    return [company_id for (company_id,) in rows]


def clear(view: View, company_id: str) -> list[int]:
    """Take out all that is kept of a company, and list the positions that were folded."""
    rows = view.all(
        "SELECT position FROM {places} WHERE company_id = ? ORDER BY position", (company_id,)
    )
    for table in TABLES:
        view.run(f"DELETE FROM {{{table}}} WHERE company_id = ?", (company_id,))
    return [position for (position,) in rows]


def supersede(view: View, company_id: str, arrived: list[Place], born: int) -> None:
    """Say of the checkpoints behind what came late from which position on they lack it.

    What was made in the same stretch of the log goes: so what is kept does not depend on how
    the log was cut into pages.  Of the others most go, too.
    """
    rows = view.all(
        "SELECT occurred_at, at_position, born, events FROM {checkpoints} WHERE company_id = ? "
        "AND superseded_at IS NULL AND (occurred_at, at_position) > (?, ?)",
        (company_id, *min(arrived)),
    )
    key = "WHERE company_id = ? AND occurred_at = ? AND at_position = ? AND born = ?"
    for at, position, made, events in rows:
        if made == born or events % KEPT_FOR_EVER:
            view.run(f"DELETE FROM {{checkpoints}} {key}", (company_id, at, position, made))
        else:
            lacks = min(late[1] for late in arrived if late < (at, position))
            view.run(
                f"UPDATE {{checkpoints}} SET superseded_at = ? {key}",
                (lacks, company_id, at, position, made),
            )


def _kept(row: Row) -> Kept:
    at, at_position, position, doc, internal = row
    return Kept((at, at_position), position, bytes(doc), bytes(internal) if internal else None)
