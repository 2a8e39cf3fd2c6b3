"""The same I/O by raw SQL, with the same durability, as fast as it can honestly be written.

What is written is the same rows: events with their places, idempotency rows, heads of
companies, and a read model's tables with all that is rendered.  Left out are our rules,
decoding and sealing.
"""

import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final, NamedTuple

import psycopg

from projections.database import Database
from projections.database import Row as Cells
from services.store import Log, Row
from services.store.arrays import LONG, Longs, Packed, blobs, teach, texts

GROUP: Final = 1_000
"""Rows of a commit, where the size of commits is not what is measured."""

EVENT: Final = "INSERT INTO stored_events VALUES (?,?,?,?,?,?,?,?,?,?)"
REPORT: Final = "INSERT INTO reports VALUES (?,?,?,?,?,?,?)"
HEAD: Final = "INSERT OR REPLACE INTO company_heads VALUES (?,?,?,?)"

APPEND: Final = b"""
WITH event AS (
    INSERT INTO stored_events SELECT * FROM unnest(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
), report AS (
    INSERT INTO reports SELECT * FROM unnest(%s, %s, %s, %s, %s, %s, %s)
)
INSERT INTO company_heads AS head SELECT * FROM unnest(%s, %s, %s, %s)
ON CONFLICT (company_id) DO UPDATE SET company_seq = excluded.company_seq,
    public_seq = excluded.public_seq, latest = excluded.latest
"""


class Commit(NamedTuple):
    """The ready rows of one commit."""

    events: list[tuple[Any, ...]]
    reports: list[tuple[Any, ...]]
    heads: list[tuple[Any, ...]]


def commits(rows: Sequence[Row], size: int) -> list[Commit]:
    """Cut ready rows into commits, with the rows that stand beside the events."""
    made = []
    for start in range(0, len(rows), size):
        events = list(rows[start : start + size])
        heads = {
            row.company_id: (row.company_id, row.company_seq, row.public_seq or 0, 0)
            for row in events
            if row.company_id
        }
        stored = [row[: len(Row._fields) - 1] for row in events]  # a trace stands elsewhere
        made.append(Commit(stored, [report_of(row) for row in events], list(heads.values())))
    return made


def whole(log: Log, after: int = 0) -> list[Row]:
    """Read the rows of a whole log, from just after a position."""
    found: list[Row] = []
    while page := log.after(found[-1].position if found else after, GROUP):
        found += page
    return found


def report_of(row: Row) -> tuple[Any, ...]:
    """Make the idempotency row of an event."""
    name = f"{row.stream_id}:{row.position}"
    place = (row.stream_id, row.stream_version, row.position, row.position)
    return "bench", name, bytes(16), *place


class SQLiteStore:
    """One connection that inserts ready rows and commits durably."""

    def __init__(self, url: str) -> None:
        from services.store.sqlite import SCHEMA

        self.connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        for statement in SCHEMA:
            self.connection.execute(statement)

    def append(self, commit: Commit) -> None:
        """Insert one commit."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(EVENT, commit.events)
        self.connection.executemany(REPORT, commit.reports)
        self.connection.executemany(HEAD, commit.heads)
        self.connection.execute("COMMIT")


class PostgresStore:
    """One connection that inserts ready rows, each commit in one prepared statement."""

    def __init__(self, url: str) -> None:
        schema = (files("services.store") / "postgres.sql").read_text()
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute(schema.encode())
        teach(self.connection)

    def append(self, commit: Commit) -> None:
        """Insert one commit."""
        columns = [_packed(column) for part in commit for column in zip(*part, strict=True)]
        self.connection.execute(APPEND, columns, prepare=True)


def store(url: str) -> SQLiteStore | PostgresStore:
    """Open a bare store on an empty database."""
    return SQLiteStore(url) if url.startswith("sqlite:") else PostgresStore(url)


def _packed(column: Sequence[Any]) -> Packed:
    found = next((value for value in column if value is not None), 0)
    if isinstance(found, str):
        return texts(column)
    if isinstance(found, bytes):
        return blobs(column)
    return Longs.of([None if value is None else LONG.pack(value) for value in column])


class Table(NamedTuple):
    """Ready rows of one table."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Cells]


def insert_tables(database: Database, tables: Sequence[Table]) -> None:
    """Insert ready rows, the tables side by side, `GROUP` rows of each in a commit.

    By ``executemany`` on SQLite and ``COPY`` on PostgreSQL.
    """
    for start in range(0, max(len(table.rows) for table in tables), GROUP):
        with database.transaction():
            for table in tables:
                if rows := table.rows[start : start + GROUP]:
                    database.insert(table.name, table.columns, rows)
