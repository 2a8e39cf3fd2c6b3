"""A projection: its tables, how a page of events changes them, and a view to ask them.

A projection's tables carry a generation.  A rebuild fills the next generation beside the one
that is read, and one transaction makes it the live one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from domain.events import Logged
from projections.database import WORDS, Database, Row


class History(Protocol):
    """Where a projection finds earlier events, opened."""

    def __call__(self, stream_id: str, upto: int) -> list[Logged]:
        """List the events of *stream_id* up to position *upto*, in fold order."""

    def at(self, positions: Sequence[int]) -> list[Logged]:
        """List the events at *positions*, in that order; at most a few hundred."""

    def before(self, streams: Sequence[str], place: tuple[int, int], upto: int) -> list[Logged]:
        """List the events of *streams* up to position *upto* that happened by *place*.

        Args:
            place: (occurred_at in microseconds, position), itself included.
        """


@dataclass(frozen=True)
class Projection:
    """One read model.

    Attributes:
        version: Raised by a change of the tables or of what is written.
        tables: Names of its tables, as statements write them in braces.
        schema: ``CREATE`` statements; ``{name}`` stands for a table, ``{text}``,
            ``{blob}``, ``{bigint}``, ``{bool}`` for a column type.
        apply: Folds a page of events, in order, into the view.
        settle: Does what `apply` left until no more comes: for some companies, or for all.
        sequence: Names, for a stream and its company, the sequence that is parked when one of
            its events fails.
        extra: Statements for one dialect alone, such as full-text tables.
    """

    name: str
    version: int
    tables: tuple[str, ...]
    schema: tuple[str, ...]
    apply: "Callable[[View, Sequence[Logged]], None]"
    sequence: Callable[[str, str | None], str]
    settle: "Callable[[View, Iterable[str] | None], None]" = field(default=lambda *_: None)
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unstable: tuple[str, ...] = ()
    """Tables left out of the canonical dump: full-text indexes."""

    def view(self, database: Database, generation: int, history: History | None = None) -> "View":
        """Look at one generation of the tables."""
        return View(self, database, generation, history)


@dataclass(frozen=True)
class View:
    """A projection's tables of one generation in one database."""

    projection: Projection
    database: Database
    generation: int
    history: History | None = None

    def create(self) -> None:
        """Create the tables."""
        dialect = self.database.dialect
        for statement in (*self.projection.schema, *self.projection.extra.get(dialect, ())):
            self.run(statement)

    def drop(self) -> None:
        """Drop the tables."""
        for table in self.projection.tables:
            self.database.execute(f"DROP TABLE IF EXISTS {self.table(table)}")

    def table(self, name: str) -> str:
        """Say the real name of a table."""
        return f"{self.projection.name}_{name}_{self.generation}"

    def sql(self, statement: str) -> str:
        """Put the real names into *statement*."""
        return _named(
            self.projection.name,
            self.projection.tables,
            self.generation,
            self.database.dialect,
            statement,
        )

    def all(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Read rows."""
        return self.database.execute(self.sql(statement), parameters)

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None:
        """Read the first row, if there is one."""
        rows = self.all(statement, parameters)
        return rows[0] if rows else None

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Change something."""
        self.database.execute(self.sql(statement), parameters)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Change something once for each of *rows*."""
        self.database.many(self.sql(statement), rows)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert *rows* into one of the projection's tables."""
        self.database.insert(self.table(table), columns, rows)


@lru_cache(maxsize=4096)
def _named(name: str, tables: tuple[str, ...], generation: int, dialect: Any, sql: str) -> str:
    for table in tables:
        sql = sql.replace("{" + table + "}", f"{name}_{table}_{generation}")
    for word, spelled in WORDS[dialect].items():
        sql = sql.replace("{" + word + "}", spelled)
    return sql


def by_stream(stream_id: str, _: str | None) -> str:
    """Sequence by stream: for most read models the ticket."""
    return stream_id
