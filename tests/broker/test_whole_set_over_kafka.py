"""A real history in full: over Kafka and PostgreSQL it reads as on SQLite without a bus."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from services.backup import TABLES
from services.catalogue import PROJECTIONS
from services.config import Settings
from services.deployment import Deployment
from services.rebuild import digest
from services.store.postgres import Datastore, Recorder
from tests.broker.deployed import Deployed, eventually
from tests.whole_sets import needs_the_sets

pytestmark = [pytest.mark.broker, *needs_the_sets]

PARTS = 12


def test_uci_498_is_the_same_byte_for_byte_over_kafka_and_postgresql(
    incidents_home: Path,
    kafka: str,
    postgres: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stages = Stages()
    with Deployment(Settings(home=incidents_home)) as embedded:
        embedded.catch_up()
        head = embedded.log.head()
        wanted = {n: digest(embedded.models.view(found)) for n, found in PROJECTIONS.items()}
        stages.done("embedded")
        control = copied(embedded.settings.control, tmp_path / "control.db")
        moved(embedded.settings.store, postgres)
    stages.done("copied")

    settings = Settings(
        home=tmp_path, kafka=kafka, store=postgres, read_models=postgres, control=control
    )
    with (deployed := Deployed(settings)).opened:
        deployed.create_topics(PARTS)
        assert deployed.desk.store.head() == head
        deployed.start("relay")
        assert eventually(lambda: deployed.relayed() == head)
        stages.done("relayed")
        for name in PROJECTIONS:
            deployed.start(name)
        assert [n for n in PROJECTIONS if not eventually(Arrived(deployed, n, head))] == []
        stages.done("projected")
        found = deployed.digests()
        stages.done("compared")

    with capsys.disabled():
        print(f"\n{head} events: {stages}")
    assert found == wanted


class Stages:
    """How long each stage took."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._done: list[str] = []

    def done(self, name: str) -> None:
        now = time.monotonic()
        self._done.append(f"{name} in {now - self._began:.0f} s")
        self._began = now

    def __str__(self) -> str:
        return ", ".join(self._done)


class Arrived:
    """Whether a projection has folded everything; asked again and again."""

    def __init__(self, deployed: Deployed, name: str, head: int) -> None:
        self._of = (PROJECTIONS[name], head, 5.0)
        self._deployed = deployed

    def __call__(self) -> bool:
        return self._deployed.arrival.wait_for(*self._of)


def copied(url: str, target: Path) -> str:
    """Copy a SQLite file that is in use."""
    with (
        closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    return f"sqlite:///{target}"


def moved(store: str, url: str) -> None:
    """Copy an event store from SQLite into PostgreSQL, row by row, positions kept."""
    with closing(Datastore(url)) as datastore:
        Recorder(datastore).create_table()
    with (
        closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as source,
        psycopg.connect(url) as target,
        target.cursor() as cursor,
    ):
        for table in TABLES["store"]:
            columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
            names = ["notification_id" if name == "rowid" else name for name in columns]
            with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                for row in rows(source, table, columns):
                    copy.write_row(row)


def rows(source: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[tuple[object]]:
    yield from source.execute(f"SELECT {', '.join(columns)} FROM {table}")
