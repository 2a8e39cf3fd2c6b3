"""The company timeline: every step of every conversation, rendered once for each reader.

A page of it is bytes joined: `projections.timeline_query` reads what is written here.
"""

from collections.abc import Sequence
from typing import Final

from domain.events import Logged
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
        document {blob} NOT NULL,
        redacted {blob}
    )
"""

CONTEXTS: Final = """
    CREATE TABLE {contexts} (
        key {text} NOT NULL PRIMARY KEY,
        severity {bigint},
        product {text},
        department {text},
        channel {text},
        contact {text},
        ticket {text}
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


def _index(view: View, texts: Sequence[tuple[int, str, str]]) -> None:
    """Make entries, given as (position, company, text), found by their words."""
    sqlite = view.database.dialect == "sqlite"
    write = for_sqlite if sqlite else for_postgresql
    rows = [(place, write(company, text)) for place, company, text in texts]
    view.insert("search", ("rowid" if sqlite else "position", "words"), rows)


timeline: Final = Projection(
    name="timeline",
    version=1,
    tables=("entries", "contexts", "also", "search"),
    schema=(ENTRIES, CONTEXTS, ALSO, *INDEXES),
    extra={"sqlite": (FTS5,), "postgresql": TSVECTOR},
    unstable=("search",),
    apply=fold,
    sequence=by_stream,
)
