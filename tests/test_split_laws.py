"""Laws of splits, for any events in any order of arrival: an entry counts in one ticket."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import AnyTicketEvent, Logged, Recorded
from domain.values import Reader
from projections import splits, tickets
from projections.database import Database
from projections.dossier.fold import fold
from projections.replay import company_replay, replay
from projections.ticket_state import TicketState, dump, evolve
from projections.ticket_streams import Parts
from tests.dossiers import AGENT, AUDITOR, DATABASES, told, within
from tests.histories import history_of, in_fold_order, pages_of

LAWS = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SIZES = st.lists(st.integers(1, 7), max_size=8)
FOREVER = 2**63 - 1

generations = count(1)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/laws.db"
    with closing(
        Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    ) as found:
        yield found


def rows_of(database: Database, log: list[Logged], sizes: list[int]) -> dict[str, list[Any]]:
    """Fold a log, cut into pages of these sizes, and list all rows."""
    view = tickets.tickets.view(database, next(generations), history_of(log))
    view.create()
    for page in pages_of(log, sizes):
        with database.transaction():
            tickets.apply(view, page)
    return {
        table: sorted(view.all(f"SELECT * FROM {{{table}}}"), key=repr)
        for table in ("states", "checkpoints", "splits")
    }


def documents(rows: dict[str, list[Any]], reader: Reader) -> dict[str, dict[str, Any]]:
    """Read the states of streams, as *reader* may know of them."""
    found = {}
    for row in rows["states"]:
        *_, doc, internal, _ = row
        readable = doc if "restricted" in reader.visibilities else internal or doc
        found[row[0]] = orjson.loads(bytes(readable))
    return found


def streams_in(log: list[Logged]) -> list[str]:
    return sorted({logged.event.stream_id for logged in log if logged.event.kind == "ticket"})


@LAWS
@given(log=told(), one=SIZES, other=SIZES)
def test_the_rows_do_not_depend_on_how_the_log_was_cut_into_pages(
    database: Database, log: list[Logged], one: list[int], other: list[int]
) -> None:
    assert rows_of(database, log, one) == rows_of(database, log, other)


@LAWS
@given(log=told(), sizes=SIZES)
def test_a_ticket_is_the_fold_of_what_counts_in_it(
    database: Database, log: list[Logged], sizes: list[int]
) -> None:
    found = documents(rows_of(database, log, sizes), AUDITOR)

    for stream in streams_in(log):
        state = TicketState()
        for logged in splits.belonging(in_fold_order(log), (stream,)):
            evolve(state, cast("Recorded[AnyTicketEvent]", logged.event))
        assert found[stream] == orjson.loads(dump(state))


@LAWS
@given(log=told(), reader=st.sampled_from((AUDITOR, AGENT)))
def test_the_last_step_of_a_replay_is_the_live_ticket(
    database: Database, log: list[Logged], reader: Reader
) -> None:
    live = documents(rows_of(database, log, []), reader)
    ordered = in_fold_order(log)

    for stream in streams_in(log):
        counting = {e.position for e in splits.belonging(ordered, (stream,))}
        as_stored = [e for e in ordered if e.event.stream_id == stream or e.position in counting]
        brought = {
            (e.event.stream_id, str(e.event.event_id)): stream
            for e in as_stored
            if e.event.stream_id != stream
        }
        *_, last = replay(as_stored, reader, parts=Parts(None, brought))
        states = {s["ticket_id"]: s for s in map(orjson.loads, (*last.others, last.document))}
        assert states[stream.removeprefix("ticket/")] == live[stream]


@LAWS
@given(log=told(), reader=st.sampled_from((AUDITOR, AGENT)))
def test_the_dossier_the_tickets_and_the_replay_of_a_company_count_alike(
    database: Database, log: list[Logged], reader: Reader
) -> None:
    live = documents(rows_of(database, log, []), reader)
    dossier = orjson.loads(fold(within(log, FOREVER, FOREVER), reader).document)
    *_, last = company_replay(in_fold_order(log), reader)

    counts = Counter(state["status"] for state in live.values())
    assert {k: n for k, n in dossier["company"]["tickets"].items() if n} == counts
    assert {k: n for k, n in last.state["tickets"].items() if n} == counts
    for ticket, held in dossier["open_tickets"].items():
        assert held["state"] == live[f"ticket/{ticket}"]
    for ledger in ("promises", "consultations", "escalations"):
        kept = dossier["company"][ledger]
        if ledger == "escalations" or any(s["moved_to"] or s["continues"] for s in live.values()):
            continue  # a company has some of its own; what moved here is known by its id alone
        standing = Counter(e["state"] for s in live.values() for e in s[ledger])
        ended = {state: n for state, n in kept["counts"].items() if n}
        assert Counter(e["state"] for e in kept["open"].values()) + Counter(ended) == standing
