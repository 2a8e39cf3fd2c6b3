"""P8: building read models anew."""

from collections.abc import Iterator, Sequence
from typing import Final

from projections.database import Database, Row
from projections.projection import View
from projections.timeline import timeline
from projections.timeline_context import Known
from services.catalogue import PROJECTIONS
from services.deployment import Deployment
from tests.bench import library
from tests.bench.baselines import Table, insert_tables
from tests.bench.harness import (
    Figure,
    Prepare,
    Work,
    alone,
    at_least,
    beside,
    compare,
    interleaved,
    rate,
)
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench, Engine, Places

HINT: Final = "reading, opening and rendering each event; docs/performance.md has the profile"


def rebuilds(bench: Bench) -> Iterator[Figure]:
    """P8: the timeline from the store, beside ready rows; the others for themselves."""
    for engine in bench.places.engines:
        count = bench.size(24_000, 4_000)
        deployment = _recorded(bench.places, engine, count)
        ready = ready_rows(deployment)
        yield compare(
            "P8", f"rebuild the timeline, {engine}, by ready rows",
            _rebuild(deployment, "timeline"), _floor(bench.places, engine, ready),
            rounds=bench.rounds, reach=at_least(0.3), hint=HINT,
        )  # fmt: skip
        if engine == "postgresql":
            yield _beside_the_runner(bench, deployment, ready)
        for name in PROJECTIONS:
            if name != "timeline":
                again = [_rebuild(deployment, name)]
                (found,) = interleaved(again, rounds=bench.rounds, by=rate)
                yield alone("P8", f"rebuild {name}, {engine}", found, unit="events/s")


def ready_rows(deployment: Deployment) -> list[Table]:
    """Fold the whole log once, and keep the rows that were written for the timeline."""
    database = _Keeping(deployment.settings.read_models)
    view = timeline.view(database, 1_000_000)
    view.create()
    position = 0
    while page := deployment.feed.page(position, 500):
        with database.transaction():
            timeline.apply(view, page)
        position = page[-1].position
    known = [Table(*_contexts(view))]
    view.drop()
    database.close()
    tables = [Table(name, columns, rows) for (name, columns), rows in database.kept.items()]
    return [t._replace(name=t.name.replace("1000000", "1")) for t in [*tables, *known] if t.rows]


class _Keeping(Database):
    """Keeps what is inserted."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.kept: dict[tuple[str, tuple[str, ...]], list[Row]] = {}

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        super().insert(table, columns, rows)
        self.kept.setdefault((table, tuple(columns)), []).extend(map(tuple, rows))


def _contexts(view: View) -> tuple[str, Sequence[str], list[Row]]:
    """Read the rows that are written over and over, as they stand in the end."""
    columns = ("level", "key", *Known._fields)
    rows = view.all(f"SELECT {', '.join(columns)} FROM {{contexts}}")
    return view.table("contexts"), columns, rows


def _recorded(places: Places, engine: Engine, count: int) -> Deployment:
    deployment = places.deployment(engine)
    record(deployment.desk, companies(100))
    record(deployment.desk, reports(count, of=100))
    deployment.catch_up()
    return deployment


def _rebuild(deployment: Deployment, name: str) -> Prepare:
    def work() -> int:
        deployment.rebuilder.rebuild(PROJECTIONS[name])
        return deployment.log.head()

    return lambda: work


def _floor(places: Places, engine: Engine, ready: Sequence[Table]) -> Prepare:
    def prepare() -> Work:
        database = Database(places.url(engine))
        timeline.view(database, 1).create()

        def work() -> int:
            insert_tables(database, ready)
            database.close()
            return len(ready[0].rows)

        return work

    return prepare


def _beside_the_runner(bench: Bench, deployment: Deployment, ready: Sequence[Table]) -> Figure:
    """Measure the library's own runner, which commits event by event, on part of the log."""
    rows = deployment.log.after(100, bench.size(2_000, 400))
    entries, search = ready[0], next(table for table in ready if "search" in table.name)
    found: dict[int, tuple[Row, Row]] = {
        int(entry[0]): (entry, words)
        for entry, words in zip(entries.rows, search.rows, strict=True)
    }

    def prepare() -> Work:
        url = bench.places.url("postgresql")
        database = Database(url)
        timeline.view(database, 1).create()
        database.close()
        library.recorder(url, "Ready").insert_events(library.stored(rows))
        inserts = [library.Insert.into(entries), library.Insert.into(search)]
        written = [found[row.position] for row in rows]
        return lambda: library.run_projection(url, inserts, written)

    mine, theirs = interleaved(
        [_rebuild(deployment, "timeline"), prepare], rounds=bench.rounds, by=rate
    )
    return beside(
        "P8", "rebuild the timeline, postgresql, by the library's runner", mine, theirs,
        reach=at_least(10), unit="events/s", hint=HINT,
    )  # fmt: skip
