"""What the tests of the event store append, below the desk."""

from typing import Any

from eventsourcing.persistence import ApplicationRecorder, StoredEvent
from eventsourcing.utils import Environment

from services.store import Placement, ReportRow
from services.store import postgres as postgresql
from services.store.sqlite import Factory as SQLiteFactory

NOW = 1_800_000_000_000_000


def factory_of(url: str, **more: str) -> Any:
    if url.startswith("sqlite:"):
        return SQLiteFactory(Environment(env={"SQLITE_DBNAME": url[10:], **more}))
    return postgresql.Factory(Environment(env={postgresql.URL: url, **more}))


def append(
    recorder: ApplicationRecorder,
    *events: tuple[str, int],
    company: str | None = "acme",
    names: tuple[str, ...] = (),
    **beside: Any,
) -> list[int]:
    """Append events, (stream, version) each, public and in order."""
    size = len(events)
    placement = Placement(
        beside.pop("now", NOW),
        companies=[company] * size,
        occurred=[NOW] * size,
        public=[True] * size,
        reports=[ReportRow("crm", name, b"said", n, n) for n, name in enumerate(names)],
        **beside,
    )
    stored = [StoredEvent(stream, version, "t", b"{}") for stream, version in events]
    return list(recorder.insert_events(stored, placement=placement) or ())
