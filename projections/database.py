"""One connection to a read-model database, and the little in which the two dialects differ."""

import contextlib
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, cast

Dialect = Literal["sqlite", "postgresql"]
Row = tuple[Any, ...]

WORDS: Final[Mapping[Dialect, Mapping[str, str]]] = {
    "sqlite": {
        "text": "TEXT",
        "blob": "BLOB",
        "bigint": "INTEGER",
        "bool": "INTEGER",
        "clustered": "WITHOUT ROWID",
    },
    "postgresql": {
        "text": 'TEXT COLLATE "C"',
        "blob": "BYTEA",
        "bigint": "BIGINT",
        "bool": "SMALLINT",
        "clustered": "",
    },
}
"""What statements name in braces: column types, and a table that is its primary key."""

BUSY_MS: Final = 10_000
"""How long a SQLite connection waits for another writer, in milliseconds."""


class Database:
    """A connection that takes ``?`` for parameters and groups work in transactions.

    Not for use by two threads at once.
    """

    def __init__(self, url: str) -> None:
        """Connect to ``sqlite:///path`` or ``postgresql://…``."""
        self.url = url
        self.dialect: Dialect = "sqlite" if url.startswith("sqlite:") else "postgresql"
        self._connection: Any = _sqlite(url) if self.dialect == "sqlite" else _postgres(url)

    @property
    def is_lost(self) -> bool:
        """Whether the connection was cut, or closed; a new one may do."""
        return self.dialect == "postgresql" and bool(self._connection.closed)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement and return its rows, none if it has none."""
        cursor = self._connection.execute(_spelled(self.dialect, sql), parameters)
        return cast("list[Row]", cursor.fetchall()) if cursor.description else []

    def holds(self, table: str) -> bool:
        """Say whether a table is there, and has a row."""
        there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        if self.dialect == "postgresql":
            there = "SELECT 1 WHERE to_regclass(?) IS NOT NULL"
        return bool(
            self.execute(there, (table,)) and self.execute(f"SELECT 1 FROM {table} LIMIT 1")
        )

    def changed(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement and say how many rows it touched."""
        return int(self._connection.execute(_spelled(self.dialect, sql), parameters).rowcount)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement once for each of *rows*."""
        if self.dialect == "sqlite":
            self._connection.executemany(sql, rows)
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(_spelled(self.dialect, sql), list(rows))

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert *rows* the fastest way the database offers."""
        if not rows:
            return
        if self.dialect == "sqlite":
            marks = ",".join("?" * len(columns))
            self._connection.executemany(
                f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})",
                rows,
            )
            return
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({','.join(columns)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    @contextmanager
    def transaction(self, *, writing: bool = True) -> Iterator[None]:
        """Commit what is done inside, or nothing of it."""
        if self.dialect == "postgresql":
            with self._connection.transaction():
                yield
            return
        self._connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read inside be of one moment, whatever others commit meanwhile."""
        with self.transaction(writing=False):
            if self.dialect == "postgresql":
                self.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # never connected, or closed by another thread
            self.close()


def failures() -> tuple[type[Exception], ...]:
    """List what the drivers raise when a database cannot be reached, or not be written to.

    To stand after ``except``, where it is asked only if something was raised.
    """
    psycopg = sys.modules.get("psycopg")  # not imported for the sake of this question
    lost = (psycopg.OperationalError, psycopg.InterfaceError) if psycopg else ()
    return (sqlite3.OperationalError, *lost)


@lru_cache(maxsize=4096)
def _spelled(dialect: Dialect, sql: str) -> str:
    return sql if dialect == "sqlite" else sql.replace("%", "%%").replace("?", "%s")


def _sqlite(url: str) -> sqlite3.Connection:
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA cache_size=-32000")
    return connection


def _postgres(url: str) -> Any:
    import psycopg

    return psycopg.connect(url, autocommit=True)
