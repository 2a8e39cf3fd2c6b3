"""A timeline of up to a million entries, made of ready rows in the projection's own tables.

A hundred companies take turns, so each has one entry in a hundred.
"""

import random
from collections.abc import Iterator
from typing import Any, Final

import orjson

from projections.database import Database
from projections.projection import View
from projections.timeline import timeline
from projections.timeline_entry import COLUMNS
from projections.words import for_postgresql, for_sqlite
from tests.bench.places import Engine, Places

COMPANIES: Final = 100
PART: Final = 10_000
"""Rows of a commit."""

SECOND: Final = 1_000_000
FIRST: Final = 1_735_689_600 * SECOND

VOCABULARY: Final = tuple(f"{a}{b}{c}" for a in "bdfgklmprstv" for b in "aeiou" for c in
                          ("nto", "rka", "lis", "men", "dra", "psi", "tol", "gun", "vex", "shu")
                          )  # fmt: skip
"""600 words; the first ones are used more often, as in any language."""

WORDS: Final = 24
"""Words of an entry's text."""

OFTEN, COMMON, RARE = VOCABULARY[2], VOCABULARY[5], VOCABULARY[-5]


def crowd(places: Places, engine: Engine, size: int) -> View:
    """Make a timeline of *size* entries; its indexes are made when it is full."""
    view = timeline.view(Database(places.url(engine)), 1)
    later = [sql for sql in timeline.schema if sql.lstrip().startswith("CREATE INDEX")]
    full_text = timeline.extra[engine]
    for statement in (*timeline.schema, *full_text):
        if statement not in later and "USING gin" not in statement:
            view.run(statement)
    rows = _rows(size, for_sqlite if engine == "sqlite" else for_postgresql)
    key = "rowid" if engine == "sqlite" else "position"
    for entries, words in _parts(rows):
        with view.database.transaction():
            view.insert("entries", COLUMNS, entries)
            view.insert("search", (key, "words"), words)
    for statement in (*later, *(sql for sql in full_text if "USING gin" in sql)):
        view.run(statement)
    view.run("ANALYZE" if engine == "sqlite" else "VACUUM ANALYZE")
    return view


def _parts(rows: Iterator[tuple[Any, Any]]) -> Iterator[tuple[list[Any], list[Any]]]:
    while part := [row for row, _ in zip(rows, range(PART), strict=False)]:
        yield [entry for entry, _ in part], [words for _, words in part]


def _rows(size: int, write: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (row of the entry, row of the search) for each event."""
    choose = random.Random(7)
    weights = [1 / rank for rank in range(1, len(VOCABULARY) + 1)]
    for n in range(size):
        company = f"c-{n % COMPANIES}"
        text = " ".join(choose.choices(VOCABULARY, weights, k=WORDS))
        yield _entry(n + 1, company, text), (n + 1, write(company, text))


def _entry(position: int, company: str, text: str) -> tuple[Any, ...]:
    at = FIRST + position * SECOND
    ticket, event_id = f"T-{position // 600}", f"01a20420-fe6f-7586-9425-{position:012x}"
    document = orjson.dumps(
        {
            "event_id": event_id, "type": "ticket.agent_replied",
            "occurred_at": "2025-01-06T09:00:05.000000Z",
            "recorded_at": "2026-11-22T16:40:00.877526Z", "late": False, "actor": "agent/mia",
            "company_id": company, "ticket_id": ticket, "contact_id": None, "channel": "mail",
            "department": "second-line", "visibility": "public", "text": text[:120],
            "data": {"contact_id": None, "body": text, "channel": None, "message_id": None,
                     "in_reply_to": None, "attachments": []},
        }
    )[1:]  # fmt: skip
    return (
        position, company, position // COMPANIES + 1, position // COMPANIES + 1, at, at, event_id,
        "ticket.agent_replied", f"ticket/{ticket}", ticket, None, "agent/mia", "mail", 2, None,
        "second-line", "public", 0, None, document, None,
    )  # fmt: skip
