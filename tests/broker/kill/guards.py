"""Guards taken out, one at a time: the control runs, in which the harness must go red.

Each of them is undone in the forked process alone, never in the product's code.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from projections.projection import View
from services.group.sequences import Sequences
from services.readmodel import Mark, ReadModels
from services.store import Row, postgres, sqlite


def _positions_move_from_anywhere() -> None:
    """Let a position move wherever it stands: no compare, only set."""
    advance = ReadModels.advance

    def set_only(self: ReadModels, view: View, part: int, old: Mark | None, new: Mark) -> None:
        advance(self, view, part, self.marks(view).get(part), new)

    ReadModels.advance = set_only  # type: ignore[method-assign]


def _known_events_are_folded_again() -> None:
    """Fold what comes, whether it was folded before or not."""

    def complete(_: Sequences, __: View, rows: Sequence[Row]) -> list[list[Row]]:
        return [[row] for row in rows]

    Sequences.complete = complete  # type: ignore[method-assign,assignment]


def _appends_take_no_lock() -> None:
    """Append without the lock; positions still follow the last one that is committed."""
    postgres.SCHEMA = _without_lock()  # type: ignore[misc]


def _appends_begin_nothing() -> None:
    """Write to SQLite without a transaction, so that no lock is held from the first look on."""

    def begin(writer: sqlite3.Connection) -> None:
        pass

    sqlite._begin = begin


def _appends_take_numbers_from_a_counter() -> None:
    """Append as is done elsewhere: no lock, and numbers that are taken before the commit."""
    counted = _without_lock().replace(
        b"base := coalesce(base, 0);",
        b"base := nextval('append_counter'); PERFORM pg_sleep(random() / 3);",
    )
    assert b"nextval" in counted
    counter = b"CREATE SEQUENCE IF NOT EXISTS append_counter START 10000 INCREMENT 1000;\n"
    postgres.SCHEMA = counter + counted  # type: ignore[misc]


def _without_lock() -> bytes:
    lock = b"PERFORM pg_advisory_xact_lock(27750, 'stored_events'::regclass::oid::int);"
    assert lock in postgres.SCHEMA
    return postgres.SCHEMA.replace(lock, b"")


GUARDS: Final[dict[str, Callable[[], None]]] = {
    "compare-and-set": _positions_move_from_anywhere,
    "known events": _known_events_are_folded_again,
    "append lock": _appends_take_no_lock,
    "begin immediate": _appends_begin_nothing,
    "append order": _appends_take_numbers_from_a_counter,
}


def take_out(guard: str) -> None:
    """Take one guard out of this process.

    Raises:
        KeyError: If there is no such guard.
    """
    GUARDS[guard]()
