"""The eventsourcing library as it comes: its recorders, its aggregates, its projection runner."""

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple, Self
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import InfrastructureFactory, Mapper, StoredEvent, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.utils import Environment

from services.store import Row
from tests.bench.baselines import Table
from tests.bench.history import BODY


def recorder(url: str, name: str = "") -> Any:
    """Build the library's own application recorder on an empty database."""
    env = Environment(name, environment(url))
    return InfrastructureFactory.construct(env).application_recorder()


def environment(url: str, ids: str = "text") -> dict[str, str]:
    """Write the library's settings for a database."""
    if url.startswith("sqlite:"):
        return {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": url.removeprefix("sqlite:///"),
            "ORIGINATOR_ID_TYPE": ids,
        }
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts["port"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts["password"]),
        "POSTGRES_POOL_SIZE": "8",  # as many as there are writers
        "ORIGINATOR_ID_TYPE": ids,
    }


def stored(rows: Sequence[Row]) -> list[StoredEvent]:
    """Turn rows of our log into the library's stored events, the same bytes."""
    return [StoredEvent(r.stream_id, r.stream_version, r.type, r.state) for r in rows]


class Ticket(Aggregate):
    """A ticket in the library's own style; its events carry the messages, as ours do."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.messages = 0

    @event("Wrote")
    def write(self, body: str) -> None:
        """Take a message."""
        self.messages += 1


def ticket_of(url: str, length: int) -> tuple[Application[UUID], UUID]:
    """Store a ticket of *length* events in the library's own style."""
    app = Application[UUID](environment(url, ids="uuid"))
    ticket = Ticket(subject="Playout drops frames")
    for _ in range(length - 1):
        ticket.write(body=BODY)
    app.save(ticket)
    return app, ticket.id


class Insert(NamedTuple):
    """A statement that inserts one ready row."""

    sql: bytes

    @classmethod
    def into(cls, table: Table) -> Self:
        """Write the statement for *table*."""
        marks = ", ".join(["%s"] * len(table.columns))
        listed = ", ".join(table.columns)
        return cls(f"INSERT INTO {table.name} ({listed}) VALUES ({marks})".encode())


class Plain(Mapper[str]):
    """Decodes nothing, so that only the runner is measured."""

    def __init__(self) -> None:
        """Take no transcoder."""

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Hand the row on as it is."""
        return stored_event


class Ready(Application[str]):
    """The application whose events are projected."""

    def construct_mapper(self) -> Mapper[str]:
        """Leave the bytes alone."""
        return Plain()


class Rows(PostgresTrackingRecorder):
    """Writes the ready rows of one event together with its position."""

    def write(self, inserts: Sequence[Insert], rows: Sequence[Any], tracking: Tracking) -> None:
        """Insert and track in one transaction, as the library's own documents do."""
        with self.datastore.transaction(commit=True) as cursor:
            for insert, row in zip(inserts, rows, strict=True):
                cursor.execute(insert.sql, row, prepare=True)
            self._insert_tracking(cursor, tracking)


def run_projection(url: str, inserts: Sequence[Insert], rows: Sequence[Sequence[Any]]) -> int:
    """Let the library's runner fold all events, and return how many there were."""
    done = threading.Event()

    class Fold(Projection[Rows]):
        def process_event(self, domain_event: Any, tracking: Tracking) -> None:
            self.view.write(inserts, rows[tracking.notification_id - 1], tracking)
            if tracking.notification_id == len(rows):
                done.set()

    with ProjectionRunner(
        application_class=Ready, projection_class=Fold, view_class=Rows, env=environment(url)
    ):
        if not done.wait(120):
            raise TimeoutError("the library's runner did not come to the end")
    return len(rows)
