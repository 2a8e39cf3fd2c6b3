"""Rebuild and verify: a projection can be made again from the log, beside the one that is read.

Promise: readers see the old tables until the new ones are complete; one transaction swaps.  A
kill leaves the old ones serving, and the half-built ones are dropped by the next rebuild.  What
was swapped out stays for `rollback` until the next swap.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog

from projections.database import Dialect
from projections.projection import Projection, View
from services.decisions import Decisions
from services.failpoints import failpoint
from services.feed import StoreFeed
from services.folding import Folder, Page
from services.projector import PAGE, history_of
from services.readmodel import EMBEDDED, Mark, ReadModels

logger = structlog.get_logger()

Progress = Callable[[int, int], None]
"""(position folded, position to reach)"""


class NotBetter(Exception):
    """A new version of a projection cannot fold what the one that is read could."""


class NotThere(Exception):
    """There is no generation to promote, or to go back to."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a rebuild made.

    Attributes:
        parked: Events that it could not fold, and those that wait behind them.
        is_live: Whether it is read now, or waits for `promote`.
    """

    position: int
    parked: int
    is_live: bool


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

    def __init__(
        self, feed: StoreFeed, models: ReadModels, decisions: Decisions, head: Callable[[], int]
    ) -> None:
        self._feed = feed
        self._models = models
        self._decisions = decisions
        self._folder = Folder(models, decisions)
        self._head = head

    def rebuild(
        self, projection: Projection, progress: Progress | None = None, *, hold: bool = False
    ) -> Built:
        """Build a projection anew, and make it the live one.

        It only waits for `promote` with *hold*, or if it had to park more than the live one.
        """
        self._drop(projection, "building", "built")
        view = self._models.begin(projection)
        position = self._fill(view, None, progress)
        failpoint("rebuild.after_fill")
        parked = self._folder.parking.count(view)
        is_worse = parked > self._parked(projection)
        if hold or is_worse:
            self._models.keep(view)
        else:
            self._models.swap(view)
            failpoint("rebuild.after_swap")
        return Built(position, parked, is_live=not (hold or is_worse))

    def promote(self, projection: Projection, progress: Progress | None = None) -> Built:
        """Make a projection that was built and held the live one, once it has caught up.

        Raises:
            NotThere: If none was held.
        """
        view = self._found(projection, "built", "build one by rebuild --hold")
        position = self._fill(view, None, progress)
        self._models.swap(view)
        return Built(position, self._folder.parking.count(view), is_live=True)

    def rollback(self, projection: Projection) -> int:
        """Read the generation again that was live before the last swap; say where it stands.

        Raises:
            NotThere: If none is kept.
        """
        view = self._found(projection, "old", "none was live before, or it was dropped")
        self._models.swap(view)
        return max((mark.position for mark in self._models.marks(view).values()), default=0)

    def verify(self, projection: Projection, progress: Progress | None = None) -> Verdict:
        """Build a projection aside, up to where the live one stands, and compare."""
        self._drop(projection, "building")
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

    def _parked(self, projection: Projection) -> int:
        """Count what is parked in the projection that is read, if there is one."""
        live = self._models.live(projection)
        if live is None:
            return 0
        return self._folder.parking.count(projection.view(self._models.database, live))

    def _drop(self, projection: Projection, *statuses: str) -> None:
        """Drop what an interrupted rebuild left, or what was held."""
        for status in statuses:
            for generation in self._models.generations(projection, status):
                with self._models.database.transaction():
                    self._models.discard(projection.view(self._models.database, generation))

    def _found(self, projection: Projection, status: str, otherwise: str) -> View:
        generations = self._models.generations(projection, status)
        if not generations:
            raise NotThere(f"there is no other {projection.name}: {otherwise}")
        view = projection.view(self._models.database, generations[-1])
        version = self._models.version_of(view)
        if version != projection.version:
            raise NotThere(
                f"the other {projection.name} has tables of version {version}, and this code "
                f"reads version {projection.version}"
            )
        return view

    def _fill(self, view: View, upto: int | None, progress: Progress | None) -> int:
        history = history_of(self._feed, self._decisions, view.projection)
        view = view.projection.view(view.database, view.generation, history)
        while True:
            mark = self._models.marks(view).get(EMBEDDED)
            position = mark.position if mark else 0
            steps = self._feed.steps(position, PAGE + 1)  # one more says whether more comes
            if upto is not None:
                steps = [step for step in steps if step.row.position <= upto]
            if not steps:
                return position
            more, steps = len(steps) > PAGE, steps[:PAGE]
            new = Mark(steps[-1].row.position)
            self._folder.fold(view, [Page(EMBEDDED, mark, new, steps)], more=more)
            if progress:
                progress(new.position, upto or self._head())


def bring_to_version(
    projection: Projection,
    rebuilder: Rebuilder,
    models: ReadModels,
    progress: Progress | None = None,
) -> None:
    """Build a read model anew that another version of longcase has written.

    Raises:
        NotBetter: If it parks events that the one that is read could fold.
    """
    if models.version(projection) in (None, projection.version):
        return
    logger.info("building a new version", projection=projection.name)
    built = rebuilder.rebuild(projection, progress)
    if not built.is_live:
        raise NotBetter(
            f"version {projection.version} of {projection.name} cannot fold {built.parked} "
            f"events; see longcase projections parked {projection.name}, and promote it if it "
            "shall be read all the same"
        )


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
