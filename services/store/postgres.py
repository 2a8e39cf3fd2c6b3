"""The event log in PostgreSQL: any number of processes may append, each commit in one statement.

The function ``longcase_append`` (postgres.sql) holds one lock from the first look at the log
until the commit is visible.  So the order of positions is the order of commits, and who reads
on from the last position seen misses nothing.  After a kill the commit is there whole, or not
at all; a reply that was lost on the way is cleared up by the desk, never by a blind repeat.
"""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import psycopg
from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory, StoredEvent
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresFactory,
)
from eventsourcing.utils import strtobool
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow, dict_row

from services.store.arrays import blobs, bools, longs, teach, texts
from services.store.placement import LATE_MICROS, Conflict, Placement

URL: Final = "LONGCASE_STORE_URL"
"""Under this name the desk hands the store's address to the factory."""

UNLESS_SAID: Final = {
    "application_name": "longcase",
    "connect_timeout": 5,  # seconds
    "tcp_user_timeout": 30_000,  # milliseconds until a peer that fell silent counts as gone
}
SCHEMA: Final = Path(__file__).with_suffix(".sql").read_bytes()
PARAMETERS: Final = 25
APPEND: Final = f"SELECT longcase_append({', '.join(['%s'] * PARAMETERS)}) AS base".encode()
RELEASE: Final = "SELECT obj_description(to_regproc('longcase_append'), 'pg_proc') AS release"


class Writer:
    """The one connection a process appends through, made anew after it was lost.

    It stands in the place of the library's pool: writers of one process take turns anyway.
    """

    def __init__(self, url: str) -> None:
        self._settings: dict[str, Any] = {**UNLESS_SAID, **conninfo_to_dict(url)}
        self._connection: Connection[DictRow] | None = None
        self._lock = threading.RLock()

    def open(self, wait: bool, timeout: float) -> None:
        """Do nothing: the first use connects."""

    @contextmanager
    def connection(self) -> Iterator[Connection[DictRow]]:
        """Lend the connection to one thread."""
        with self._lock:
            if self._connection is None or self._connection.closed:
                self._connection = _connected(self._settings)
            yield self._connection

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection:
                self._connection.close()


class Datastore(PostgresDatastore):
    """Reaches the database by URL: sockets, TLS and all else that libpq understands."""

    def __init__(self, url: str) -> None:
        super().__init__("", "", "", "", "", originator_id_type="text")
        self.pool = Writer(url)  # type: ignore[assignment]  # all that is asked of a pool
        with self.get_connection() as connection:
            found = connection.execute("SELECT current_schema() AS name").fetchone()
        self.schema = str(found["name"]) if found else self.schema

    def register_type_adapters(self) -> None:
        """Do nothing: there are no types of our own."""


class Recorder(PostgresApplicationRecorder):
    """Appends events together with their sequences, reports and handles."""

    def create_table(self) -> None:
        """Create what is missing, or is of another release; one process at a time."""
        release = hashlib.sha256(SCHEMA).hexdigest()
        with self.datastore.get_connection() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(27750, 0)")
            found = connection.execute(RELEASE).fetchone()
            if found and found["release"] == release:
                return
            connection.execute(SCHEMA)
            connection.execute(f"COMMENT ON FUNCTION longcase_append IS '{release}'".encode())

    def insert_events(self, stored_events: Sequence[StoredEvent], **beside: Any) -> Sequence[int]:
        """Append one commit and return the positions.

        Raises:
            Conflict: If somebody else recorded something in between.
            OperationalError: If the connection was lost; whether it was recorded is not known.
        """
        if not stored_events:
            return []
        parameters = _parameters(stored_events, beside["placement"])
        with self.datastore.get_connection() as connection:
            try:
                row = connection.execute(APPEND, parameters, prepare=True).fetchone()
            except UniqueViolation as error:
                raise Conflict(str(error)) from error
        assert row is not None, "a function returns a row"  # noqa: S101
        return range(row["base"] + 1, row["base"] + 1 + len(stored_events))

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Any:
        """Refuse: it would keep the one connection; follow the log by `Log.after`."""
        raise NotImplementedError("read the log by Log.after, woken by LISTEN stored_events")


class Factory(PostgresFactory):
    """Builds the recorder over our datastore."""

    def __init__(self, env: Any) -> None:
        """Connect.

        Raises:
            ValueError: If the library is told to append by functions of its own, which do not
                keep the order.
        """
        InfrastructureFactory.__init__(self, env)
        if strtobool(self.env.get(self.POSTGRES_ENABLE_DB_FUNCTIONS) or "no"):
            raise ValueError("unset POSTGRES_ENABLE_DB_FUNCTIONS: it loses the order of events")
        self.datastore = Datastore(str(self.env.get(URL)))

    def application_recorder(self) -> ApplicationRecorder:
        """Build the one recorder that may append, its tables made."""
        recorder = Recorder(self.datastore)
        recorder.create_table()
        return recorder


def _connected(settings: dict[str, Any]) -> Connection[DictRow]:
    connection = psycopg.connect(**settings, autocommit=True, row_factory=dict_row)
    # The function looks at the log after it has the lock, so it must see what was committed.
    connection.execute("SET default_transaction_isolation = 'read committed'")
    teach(connection)
    return connection


def _parameters(events: Sequence[StoredEvent], placement: Placement) -> tuple[Any, ...]:
    reports = placement.reports
    firsts = [events[report.first] for report in reports]
    handles = [*placement.externals, *placement.handles]
    affiliations = dict(placement.affiliations)  # the last one counts
    return (
        texts(map(attrgetter("originator_id"), events)),
        longs(map(attrgetter("originator_version"), events)),
        texts(map(attrgetter("topic"), events)),
        blobs(map(attrgetter("state"), events)),
        texts(placement.companies),
        longs(placement.occurred),
        bools(placement.public),
        texts(map(attrgetter("system"), reports)),
        texts(map(attrgetter("external_id"), reports)),
        blobs(map(attrgetter("digest"), reports)),
        texts(map(attrgetter("originator_id"), firsts)),
        longs(map(attrgetter("originator_version"), firsts)),
        longs(report.first + 1 for report in reports),
        longs(report.last + 1 for report in reports),
        blobs(digest for digest, _ in handles),
        texts(target for _, target in handles),
        len(placement.externals),
        blobs(affiliations),
        texts(affiliations.values()),
        longs(index + 1 for index, _ in placement.traces),
        texts(trace for _, trace in placement.traces),
        texts(placement.seen),
        longs(placement.seen.values()),
        placement.now,
        LATE_MICROS,
    )
