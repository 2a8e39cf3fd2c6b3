"""The company timeline: every step of every conversation, rendered once for each reader.

A page of it is bytes joined: `projections.timeline_query` reads what is written here.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from domain.events import Logged
from domain.events.ties import TicketSplit
from domain.values import ticket_chain
from projections import unions
from projections.projection import Projection, View, by_stream
from projections.timeline_context import Contexts
from projections.timeline_entry import COLUMNS, render
from projections.words import for_postgresql, for_sqlite

ENTRIES: Final = """
    CREATE TABLE {entries} (
        position {bigint} NOT NULL PRIMARY KEY,
        company_id {text} NOT NULL,
        company_seq {bigint} NOT NULL,
        public_seq {bigint},
        occurred_at {bigint} NOT NULL,
        recorded_at {bigint} NOT NULL,
        event_id {text} NOT NULL,
        type {text} NOT NULL,
        stream {text} NOT NULL,
        ticket_id {text},
        contact_id {text},
        actor {text} NOT NULL,
        channel {text},
        severity {bigint},
        product {text},
        department {text},
        visibility {text} NOT NULL,
        late {bool} NOT NULL,
        inferred {text},
        document {blob} NOT NULL,
        redacted {blob}
    )
"""

CONTEXTS: Final = """
    CREATE TABLE {contexts} (
        key {text} NOT NULL,
        level {text} NOT NULL,
        severity {bigint},
        product {text},
        department {text},
        channel {text},
        contact {text},
        ticket {text},
        PRIMARY KEY (key, level)
    )
"""

ALSO: Final = """
    CREATE TABLE {also} (
        company_id {text} NOT NULL,
        kind {text} NOT NULL,
        id {text} NOT NULL,
        position {bigint} NOT NULL,
        PRIMARY KEY (company_id, kind, id, position)
    )
"""
"""The tickets, contacts and products of entries that name several."""

MOVED: Final = """
    CREATE TABLE {moved} (
        company_id {text} NOT NULL,
        event_id {text} NOT NULL,
        position {bigint} NOT NULL,
        occurred_at {bigint} NOT NULL,
        away {text} NOT NULL,
        ticket {text} NOT NULL,
        PRIMARY KEY (company_id, event_id, position)
    )
"""
"""The entries that splits show in another ticket than the one they were recorded in."""

MOVED_COLUMNS: Final = ("company_id", "event_id", "position", "occurred_at", "away", "ticket")

INDEXES: Final = (
    "CREATE INDEX {entries}_happened ON {entries} (company_id, occurred_at, position)",
    "CREATE INDEX {entries}_ticket ON {entries} (company_id, ticket_id, occurred_at, position)",
    "CREATE INDEX {entries}_recorded ON {entries} (company_id, position)",
)

# Words are cut before they come here, so the plainest tokenizer will do, and nothing is ranked.
FTS5: Final = (
    "CREATE VIRTUAL TABLE {search} USING fts5(words, content='', columnsize=0, tokenize='ascii')"
)
TSVECTOR: Final = (
    "CREATE TABLE {search} (position BIGINT NOT NULL PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX {search}_words ON {search} USING gin (words)",
)


def fold(view: View, page: Sequence[Logged]) -> None:
    """Write the entries of a page of events; those without a company have none."""
    unions.keep(view, page)
    page = [logged for logged in page if logged.event.company_id is not None]
    contexts = Contexts(view, page)
    entries = [render(logged, contexts.of(logged.event)) for logged in page]
    view.insert("entries", COLUMNS, [entry.row for entry in entries])
    view.insert(
        "also",
        ("company_id", "kind", "id", "position"),
        [(e.row[1], kind, name, e.row[0]) for e in entries for kind, name in e.also],
    )
    _index(view, [(entry.row[0], entry.row[1], entry.text) for entry in entries])
    contexts.save(view)
    view.insert("moved", MOVED_COLUMNS, [row for logged in page for row in _moved(logged)])


def _moved(logged: Logged) -> Iterator[tuple[Any, ...]]:
    """Yield which entries a split shows in another ticket."""
    recorded = logged.event
    if isinstance(recorded.data, TicketSplit):
        at, position = logged.happened
        away, to = ticket_chain(recorded.local_id), recorded.data.new_ticket_id
        for event_id in dict.fromkeys(recorded.data.moved_event_ids):
            yield recorded.company_id, str(event_id), position, at, away, to


def _index(view: View, texts: Sequence[tuple[int, str, str]]) -> None:
    """Make entries, given as (position, company, text), found by their words."""
    sqlite = view.database.dialect == "sqlite"
    write = for_sqlite if sqlite else for_postgresql
    rows = [(place, write(company, text)) for place, company, text in texts]
    view.insert("search", ("rowid" if sqlite else "position", "words"), rows)


timeline: Final = Projection(
    name="timeline",
    version=3,
    tables=("entries", "contexts", "also", "moved", "unions", "search"),
    schema=(ENTRIES, CONTEXTS, ALSO, MOVED, *unions.SCHEMA, *INDEXES),
    extra={"sqlite": (FTS5,), "postgresql": TSVECTOR},
    unstable=("search",),
    apply=fold,
    sequence=by_stream,
)
