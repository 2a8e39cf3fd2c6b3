"""Every ticket as it stands, one row for each stream.

A row holds the state as those see it who may read everything, as those who may not read what
is restricted, and as the customer sees it.  An event older than what the row has folded folds
the stream again, and so does a split, so that a row is always the fold in the order of
happening of what counts in the ticket, whatever the order of arrival.  Of a long stream the
state is kept every few hundred events too, so that a replay need not begin at the first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple, cast

import orjson

from domain.events import Logged
from domain.values import Reader, micros
from projections import splits, unions
from projections.chunks import in_chunks
from projections.database import Row
from projections.projection import Projection, View, by_stream
from projections.ticket_folding import Folded, again, onward
from projections.ticket_state import TicketState, dump, load
from projections.ticket_union import listed

COLUMNS: Final = (
    "stream", "ticket_id", "chain_id", "company_id", "status", "severity", "priority", "agent",
    "team", "requester_id", "product_id", "subject", "opened_at", "last_event_at",
    "last_position", "doc", "internal_doc", "public_doc",
)  # fmt: skip

SCHEMA: Final = (
    """CREATE TABLE {states} (
    stream {text} PRIMARY KEY,
    ticket_id {text} NOT NULL,
    chain_id {text} NOT NULL,
    company_id {text},
    status {text} NOT NULL,
    severity {bigint},
    priority {bigint},
    agent {text},
    team {text},
    requester_id {text},
    product_id {text},
    subject {text},
    opened_at {bigint},
    last_event_at {bigint} NOT NULL,
    last_position {bigint} NOT NULL,
    doc {blob} NOT NULL,
    internal_doc {blob},
    public_doc {blob})""",
    """CREATE TABLE {checkpoints} (
    stream {text} NOT NULL,
    step {bigint} NOT NULL,
    occurred_at {bigint} NOT NULL,
    position {bigint} NOT NULL,
    doc {blob} NOT NULL,
    internal_doc {blob},
    PRIMARY KEY (stream, step))""",
    "CREATE INDEX {states}_by_company ON {states} (company_id, status)",
    "CREATE INDEX {states}_by_chain ON {states} (chain_id)",
)

SUMMARY: Final = (
    "ticket_id", "chain_id", "company_id", "number", "subject", "status", "waiting_for",
    "requester_id", "reporters", "channel", "severity", "priority", "category", "product_id",
    "assignee", "opened_at", "last_event_at", "resolved_at", "resolution_code", "root_cause",
    "counts", "merged_into", "absorbed", "moved_to",
)  # fmt: skip
"""What a list of tickets says of each."""

OPEN: Final = ("new", "open", "on_hold")
UPDATE: Final = (
    f"UPDATE {{states}} SET {', '.join(f'{c} = ?' for c in COLUMNS[1:])} WHERE stream = ?"
)
CHECKPOINT: Final = ("stream", "step", "occurred_at", "position", "doc", "internal_doc")
KNOWN: Final = "SELECT stream, last_event_at, last_position, doc, internal_doc, public_doc"
READ: Final = "SELECT company_id, doc, internal_doc, public_doc FROM {states}"


def apply(view: View, page: Sequence[Logged]) -> None:
    """Fold a page of events into the rows of their streams."""
    unions.keep(view, page)
    splits.keep(view, page)
    arrived: dict[str, list[Logged]] = {}
    for logged in page:
        if logged.event.kind == "ticket":
            arrived.setdefault(logged.event.stream_id, []).append(logged)
    parted = {stream for logged in page for stream in splits.parted_by(logged.event) or ()}
    known = _known(view, arrived.keys() | parted)
    folded = {
        stream: onward(view, known.get(stream), stream, events, page[-1].position)
        for stream, events in arrived.items()
        if stream not in parted
    }
    for stream in parted & (arrived.keys() | known.keys()):
        folded[stream] = again(view, stream, page[-1].position)
    rows = {stream: _row(stream, found) for stream, found in folded.items()}
    view.insert("states", COLUMNS, [row for stream, row in rows.items() if stream not in known])
    view.many(UPDATE, [(*rows[stream][1:], stream) for stream in known.keys() & rows])
    stale = [(stream,) for stream, found in folded.items() if found.again]
    view.many("DELETE FROM {checkpoints} WHERE stream = ?", stale)
    passed = [row for found in folded.values() for row in found.checkpoints]
    view.insert("checkpoints", CHECKPOINT, passed)


tickets: Final = Projection(
    name="tickets",
    version=5,
    tables=("states", "checkpoints", "unions", "splits"),
    schema=(*SCHEMA, *unions.SCHEMA, *splits.SCHEMA),
    apply=apply,
    sequence=by_stream,
)


def of_company(
    view: View,
    reader: Reader,
    company_id: str,
    status: str | None = None,
    limit: int | None = None,
    *,
    roll_up: bool = False,
) -> list[dict[str, Any]]:
    """List a company's tickets: open ones by severity, priority and age, then the last ended.

    What goes on inside another ticket is in that one; a customer sees each as it was opened.

    Args:
        roll_up: Of the companies, too, that belong to it.
    """
    companies = [company_id]
    if not reader.public_only:
        companies = unions.companies_in(view, company_id, roll_up=roll_up)
    rows = in_chunks(view, f"{READ} WHERE company_id IN (…)", companies)
    states = [state for row in rows if (state := _readable(reader, row))]
    if reader.public_only:
        found = [state for state in states if status in (None, state["status"])]
    else:
        found = listed(states, status)
    found.sort(key=lambda state: state["last_event_at"], reverse=True)
    found.sort(key=_urgency)
    return [
        {name: state.get(name, []) if name == "absorbed" else state[name] for name in SUMMARY}
        for state in islice(found, limit)
    ]


def states_of(view: View, reader: Reader, company_id: str) -> list[dict[str, Any]]:
    """Read all tickets of a company in full, each stream for itself."""
    rows = view.all(f"{READ} WHERE company_id = ?", (company_id,))
    return [state for row in rows if (state := _readable(reader, row))]


def count_of(view: View, company_id: str) -> int:
    """Count the tickets of a company that were not moved away or merged into others."""
    row = view.one(
        "SELECT count(*) FROM {states} WHERE company_id = ? AND status NOT IN ('moved', 'merged')",
        (company_id,),
    )
    return int(row[0]) if row else 0


def state_of(view: View, reader: Reader, ticket_id: str) -> dict[str, Any] | None:
    """Read one ticket as it stands, as far as *reader* may; ``None`` if there is none for them."""
    row = view.one(f"{READ} WHERE stream = ?", (f"ticket/{ticket_id}",))
    return _readable(reader, row) if row else None


class Checkpoint(NamedTuple):
    """The state of a ticket's stream after its first *step* events.

    Attributes:
        last: (occurred_at, position) of the last of them: while it is the last of as many, in
            the order they happened, nothing came late.
    """

    step: int
    last: tuple[int, int]
    document: bytes


def checkpoint(view: View, reader: Reader, stream: str, before: int) -> Checkpoint | None:
    """Find the last checkpoint of a stream *before* a step, for a member of staff."""
    row = view.one(
        "SELECT step, occurred_at, position, doc, internal_doc FROM {checkpoints} "
        "WHERE stream = ? AND step < ? ORDER BY step DESC LIMIT 1",
        (stream, before),
    )
    if row is None or not {"public", "internal"} <= reader.visibilities:
        return None
    step, occurred_at, position, doc, internal = row
    document = doc if "restricted" in reader.visibilities else internal or doc
    return Checkpoint(step, (occurred_at, position), document)


def _readable(reader: Reader, row: Row) -> dict[str, Any] | None:
    company_id, doc, internal, public = row
    if not reader.may_read(company_id):
        return None
    if reader.public_only or "internal" not in reader.visibilities:
        doc = public
    elif "restricted" not in reader.visibilities:
        doc = internal or doc
    return cast("dict[str, Any]", orjson.loads(doc)) if doc else None


def _urgency(state: dict[str, Any]) -> tuple[Any, ...]:
    if state["status"] not in OPEN:
        return (1,)
    return (0, state["severity"] or 9, state["priority"] or 9, state["opened_at"] or "~")


def _known(view: View, streams: Iterable[str]) -> dict[str, Folded]:
    known = {}
    for row in in_chunks(view, f"{KNOWN} FROM {{states}} WHERE stream IN (…)", streams):
        stream, newest, position, *documents = row
        full, internal, public = (load(document) if document else None for document in documents)
        known[stream] = Folded(full or TicketState(), internal, public, newest, position)
    return known


def _row(stream: str, folded: Folded) -> Row:
    state = folded.full
    return (
        stream, state.ticket_id, state.chain_id, state.company_id, state.status, state.severity,
        state.priority, state.assignee["agent"], state.assignee["team"], state.requester_id,
        state.product_id, state.subject, _micros(state.opened_at), folded.newest, folded.position,
        *folded.documents, dump(folded.public) if folded.public else None,
    )  # fmt: skip


def _micros(text: str | None) -> int | None:
    return micros(datetime.fromisoformat(text)) if text else None
