"""Rebuild and verify: a projection can be made again from the log, beside the one that is read.

Promise: readers see the old tables until the new ones are complete; one transaction swaps.  A
kill leaves the old ones serving, and the half-built ones are dropped by the next rebuild.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from projections.database import Dialect
from projections.projection import Projection, View
from services.feed import StoreFeed
from services.projector import PAGE, fold
from services.readmodel import EMBEDDED, ReadModels

Progress = Callable[[int, int], None]
"""(position folded, position to reach)"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: the live tables' digest beside that of a clean rebuild."""

    projection: str
    position: int
    live: str
    rebuilt: str

    @property
    def agrees(self) -> bool:
        """Whether the live tables are what the log says."""
        return self.live == self.rebuilt


class Rebuilder:
    """Builds generations of projections from the store's log."""

    def __init__(self, feed: StoreFeed, models: ReadModels, head: Callable[[], int]) -> None:
        self._feed = feed
        self._models = models
        self._head = head

    def rebuild(self, projection: Projection, progress: Progress | None = None) -> int:
        """Build a projection anew and make it the live one; return its position."""
        self.clean(projection)
        view = self._models.begin(projection)
        position = self._fill(view, None, progress)
        self._models.swap(view)
        return position

    def verify(self, projection: Projection, progress: Progress | None = None) -> Verdict:
        """Build a projection aside, up to where the live one stands, and compare."""
        self.clean(projection)
        live = self._models.view(projection)
        marks = self._models.marks(live)
        position = max((mark.position for mark in marks.values()), default=0)
        aside = self._models.begin(projection)
        try:
            self._fill(aside, position, progress)
            return Verdict(projection.name, position, digest(live), digest(aside))
        finally:
            with self._models.database.transaction():
                self._models.discard(aside)

    def clean(self, projection: Projection) -> None:
        """Drop what an interrupted rebuild left."""
        for (generation,) in self._models.database.execute(
            "SELECT generation FROM generations WHERE name = ? AND status = 'building'",
            (projection.name,),
        ):
            with self._models.database.transaction():
                self._models.discard(projection.view(self._models.database, generation))

    def _fill(self, view: View, upto: int | None, progress: Progress | None) -> int:
        position, target = 0, upto
        view = view.projection.view(view.database, view.generation, self._feed.history)
        while True:
            page = self._feed.page(position, PAGE)
            if upto is not None:
                page = [event for event in page if event.position <= upto]
            if not page:
                return position
            fold(self._models, view, self._models.marks(view).get(EMBEDDED), page)
            position = page[-1].position
            if progress:
                progress(position, target or self._head())


def digest(view: View) -> str:
    """Hash the canonical dump of a projection's tables: SHA-256, hexadecimal."""
    hashed = hashlib.sha256()
    for line in dump(view):
        hashed.update(line)
    return hashed.hexdigest()


def dump(view: View) -> Iterator[bytes]:
    """Write a projection's rows as lines, in one order on every database.

    Left out are full-text tables and positions: they belong to the engine, not to history.
    """
    for table in view.projection.tables:
        if table in view.projection.unstable:
            continue
        yield f"# {table}\n".encode()
        columns = _columns(view, table)
        listed = ", ".join(columns)
        rows = view.all(f"SELECT {listed} FROM {{{table}}}")
        lines = [json.dumps([_plain(cell) for cell in row]).encode() + b"\n" for row in rows]
        yield from sorted(lines)


def _columns(view: View, table: str) -> list[str]:
    name = view.table(table)
    dialect: Dialect = view.database.dialect
    if dialect == "sqlite":
        return sorted(row[1] for row in view.database.execute(f"PRAGMA table_info({name})"))
    return sorted(
        row[0]
        for row in view.database.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = ?", (name,)
        )
    )


def _plain(cell: Any) -> Any:
    return bytes(cell).hex() if isinstance(cell, bytes | memoryview) else cell
