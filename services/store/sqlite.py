"""The event log in SQLite: several processes of one machine may append.

A writing transaction takes the write lock at its beginning, so what it reads (sequences,
idempotency) holds until it commits.  After a kill the commit is there whole, or not at all.
"""

import random
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from eventsourcing.persistence import ApplicationRecorder, OperationalError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteFactory,
)

from services.failpoints import failpoint
from services.store.placement import LATE_MICROS, Conflict, Placement

BUSY_SECONDS: Final = 10
"""How long an append waits for other writers before it gives up."""

POLL_SECONDS: Final = (0.0002, 0.0015)
"""How often a waiting writer tries: at random, and no less often the longer it waits.
SQLite's own waiting backs off, so that whoever just wrote is served before who waits."""

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS stored_events (
    rowid INTEGER PRIMARY KEY AUTOINCREMENT,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    company_id TEXT,
    company_seq INTEGER,
    public_seq INTEGER,
    committed_at INTEGER NOT NULL,
    late INTEGER NOT NULL,
    UNIQUE (originator_id, originator_version))""",
    """CREATE UNIQUE INDEX IF NOT EXISTS stored_events_company
    ON stored_events (company_id, company_seq) WHERE company_id IS NOT NULL""",
    """CREATE TABLE IF NOT EXISTS company_heads (
    company_id TEXT PRIMARY KEY,
    company_seq INTEGER NOT NULL,
    public_seq INTEGER NOT NULL,
    latest INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS reports (
    system TEXT NOT NULL,
    external_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    stream_id TEXT NOT NULL,
    stream_version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    PRIMARY KEY (system, external_id)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS handles (
    digest BLOB PRIMARY KEY,
    target TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS traces (
    position INTEGER PRIMARY KEY,
    traceparent TEXT NOT NULL)""",
)

INSERT_EVENT: Final = (
    "INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state, "
    "committed_at, company_id, company_seq, public_seq, late) VALUES (?,?,?,?,?,?,?,?,?,?)"
)
INSERT_REPORT: Final = "INSERT INTO reports VALUES (?,?,?,?,?,?,?)"
INSERT_HANDLE: Final = "INSERT OR IGNORE INTO handles VALUES (?,?)"
INSERT_TRACE: Final = "INSERT INTO traces VALUES (?,?)"
PUT_AFFILIATION: Final = "INSERT OR REPLACE INTO handles VALUES (?,?)"
PUT_HEAD: Final = "INSERT OR REPLACE INTO company_heads VALUES (?,?,?,?)"


LAST: Final = (
    "SELECT seq, (SELECT committed_at FROM stored_events WHERE rowid = seq) "
    "FROM sqlite_sequence WHERE name = 'stored_events'"
)
HEAD: Final = "SELECT company_seq, public_seq, latest FROM company_heads WHERE company_id = ?"
VERSION: Final = "SELECT max(originator_version) FROM stored_events WHERE originator_id = ?"
TARGET: Final = "SELECT target FROM handles WHERE digest = ?"


class Datastore(SQLiteDatastore):
    """Opens writing transactions with the write lock taken, and waits its turn for it.

    A process writes through one connection; its threads take turns anyway.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path, originator_id_type="text")
        self._turn = threading.Lock()
        self._writer: sqlite3.Connection | None = None

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """Run what is inside in one transaction; a writing one excludes other writers."""
        if not commit:
            with super().transaction(commit=False) as cursor:
                yield cursor
            return
        with self._turn:
            writer = self._writer = self._writer or _connected(self.pool.db_name)
            _begin(writer)
            try:
                yield SQLiteCursor(writer.cursor())
                failpoint("append.before_commit")
                writer.commit()
            except BaseException:
                self._undo(writer)
                raise

    def close(self) -> None:
        """Close all connections."""
        super().close()
        if self._writer:
            self._writer.close()

    def _undo(self, writer: sqlite3.Connection) -> None:
        """Roll back; a connection that cannot (disk full, disk gone) is closed, which does."""
        try:
            writer.rollback()
        except sqlite3.Error:
            writer.close()
            self._writer = None


class Recorder(SQLiteApplicationRecorder):
    """Appends events together with their sequences, reports and handles."""

    def construct_create_table_statements(self) -> list[str]:
        """List the statements that create the tables."""
        return list(SCHEMA)

    def _insert_events(
        self,
        c: SQLiteCursor,
        stored_events: Sequence[StoredEvent],
        **beside: Any,
    ) -> Sequence[int]:
        try:
            return _append(c, stored_events, beside["placement"])
        except sqlite3.IntegrityError as error:
            raise Conflict(str(error)) from error


class Factory(SQLiteFactory):
    """Builds the recorder over our datastore."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.datastore.close()
        path = Path(str(self.env.get(self.SQLITE_DBNAME)))
        path.parent.mkdir(parents=True, exist_ok=True)
        self.datastore = Datastore(str(path))

    def application_recorder(self) -> ApplicationRecorder:
        """Build the one recorder that may append, its tables made."""
        recorder = Recorder(self.datastore)
        recorder.create_table()
        return recorder


def _connected(path: str) -> sqlite3.Connection:
    """Connect so that what is committed is on the disk."""
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=0"):
        writer.execute(f"PRAGMA {pragma}")
    return writer


def _begin(writer: sqlite3.Connection) -> None:
    """Take the write lock, trying again at random moments so that no writer starves.

    Raises:
        OperationalError: If others hold it for longer than `BUSY_SECONDS`.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > until:
                raise OperationalError(error) from error
            time.sleep(random.uniform(*POLL_SECONDS))  # noqa: S311  jitter, not a secret
        else:
            return


def _append(c: Any, events: Sequence[StoredEvent], placement: Placement) -> list[int]:
    _must_be_as_seen(c, placement)
    c.execute(LAST)
    last, committed = c.fetchone() or (0, 0)
    committed = max(placement.now, committed or 0)
    positions = list(range(last + 1, last + 1 + len(events)))
    heads = _heads(c, placement.companies)
    rows = [
        (position, e.originator_id, e.originator_version, e.topic, e.state, committed, *place)
        for position, e, place in zip(positions, events, _places(heads, placement), strict=True)
    ]
    c.executemany(INSERT_EVENT, rows)
    c.executemany(
        INSERT_REPORT,
        [
            (
                r.system, r.external_id, r.digest, events[r.first].originator_id,
                events[r.first].originator_version, positions[r.first], positions[r.last],
            )
            for r in placement.reports
        ],
    )  # fmt: skip
    c.executemany(PUT_HEAD, [(company, *head) for company, head in heads.items()])
    _put_handles(c, placement)
    if placement.traces:
        c.executemany(INSERT_TRACE, [(positions[i], trace) for i, trace in placement.traces])
    return positions


def _must_be_as_seen(c: Any, placement: Placement) -> None:
    for stream_id, version in placement.seen.items():
        c.execute(VERSION, (stream_id,))
        if (c.fetchone()[0] or 0) != version:
            raise Conflict(f"{stream_id} went on")


def _put_handles(c: Any, placement: Placement) -> None:
    for digest, target in placement.externals:
        c.execute(INSERT_HANDLE, (digest, target))
        c.execute(TARGET, (digest,))
        if c.fetchone()[0] != target:
            raise Conflict("another holds one of these external ids")
    if placement.handles:
        c.executemany(INSERT_HANDLE, placement.handles)
    if placement.affiliations:
        c.executemany(PUT_AFFILIATION, placement.affiliations)


def _heads(c: Any, companies: Sequence[str | None]) -> dict[str, list[int]]:
    """Find each company's last sequences and its latest moment; none for a new one."""
    heads: dict[str, list[int]] = {}
    for company in dict.fromkeys(companies):
        if company is not None:
            c.execute(HEAD, (company,))
            heads[company] = list(c.fetchone() or ())
    return heads


def _places(
    heads: dict[str, list[int]], placement: Placement
) -> Iterator[tuple[str | None, int | None, int | None, int]]:
    """Give each event its place in its company, moving the heads on."""
    for company, occurred, public in zip(
        placement.companies, placement.occurred, placement.public, strict=True
    ):
        if company is None:
            yield None, None, None, 0
            continue
        head = heads[company] = heads[company] or [0, 0, occurred]
        late = occurred < head[2] - LATE_MICROS
        head[0] += 1
        head[1] += public
        head[2] = max(head[2], occurred)
        yield company, head[0], head[1] if public else None, int(late)
