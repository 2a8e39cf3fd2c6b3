"""Laws of merges: one that is reverted leaves what would have been without it, and what came later.

Random histories of two tickets, one merged into the other somewhere and parted again later, are
folded as projections do, and read as readers do.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import AnyTicketEvent, Recorded
from domain.events.account import CompaniesMerged
from domain.events.ticket import TicketMergeReverted, TicketsMerged
from domain.values import Reader, everything
from projections import tickets
from projections.database import Database
from projections.ticket_state import TicketState, dump, evolve
from projections.ticket_union import joined
from projections.timeline import timeline
from projections.timeline_filter import Filter
from projections.timeline_query import page
from tests.events import ACME, MONDAY, Log, on_company, on_ticket, opened
from tests.histories import history_of, in_fold_order, pages_of, ticket_events
from tests.timelines import CURSORS

KEPT, ABSORBED = "T-1", "T-2"
UNTIED = ("ticket.merged", "ticket.merge_reverted", "ticket.moved_away", "ticket.split")

EVENTS = (
    st.sampled_from((KEPT, ABSORBED))
    .flatmap(ticket_events)
    .filter(lambda event: event.type not in UNTIED and not getattr(event.data, "continues", None))
)
HISTORIES = st.lists(EVENTS, max_size=12)
few = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Tale:
    """A history with a merge in it and its end, and the same without."""

    told: list[Recorded[Any]]
    untouched: list[Recorded[Any]]
    merge: Recorded[Any]


@st.composite
def tales(draw: st.DrawFn) -> Tale:
    """Draw a history, where T-2 is merged into T-1, and where that is undone."""
    events = draw(HISTORIES)
    places = sorted(draw(st.tuples(st.integers(0, len(events)), st.integers(0, len(events)))))
    at = MONDAY + timedelta(minutes=draw(st.integers(0, 9)))
    merge = on_ticket(TicketsMerged, ABSORBED, kept_id=KEPT, occurred_at=at)
    later = at + timedelta(minutes=draw(st.integers(0, 9)))
    undo = on_ticket(
        TicketMergeReverted, ABSORBED, merge_event_id=merge.event_id, occurred_at=later
    )
    first, second = places
    told = [*events[:first], merge, *events[first:second], undo, *events[second:]]
    return Tale(told, events, merge)


generations = count(1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/laws.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres"))
    with closing(Database(url)) as database:
        yield database


class Read:
    """What readers see of a history, folded page by page."""

    def __init__(self, database: Database, events: list[Recorded[Any]]) -> None:
        log, generation = Log().add(*events), next(generations)
        self.head = len(log)
        self.entries = timeline.view(database, generation)
        self.states = tickets.tickets.view(database, generation, history_of(log))
        for view, apply in ((self.entries, timeline.apply), (self.states, tickets.apply)):
            view.create()
            with database.transaction():
                for part in pages_of(log, [4, 3]):
                    apply(view, part)

    def ids(self, *asked: str, **known: Any) -> list[str]:
        found = page(self.entries, everything(), ACME, Filter(tickets=asked, **known), CURSORS,
                     limit=200, head=self.head)  # fmt: skip
        return [orjson.loads(entry)["event_id"] for entry in found.entries]

    def state(self, ticket: str) -> dict[str, Any] | None:
        return tickets.state_of(self.states, everything(), ticket)

    def listed(self) -> dict[str, Any]:
        found = tickets.of_company(self.states, everything(), ACME)
        return {ticket["ticket_id"]: ticket for ticket in found}


@few
@given(tale=tales())
def test_a_merge_that_was_reverted_leaves_what_would_have_been_without_it(
    database: Database, tale: Tale
) -> None:
    told, untouched = Read(database, tale.told), Read(database, tale.untouched)
    ties = {str(event.event_id) for event in tale.told} - {
        str(event.event_id) for event in tale.untouched
    }

    assert told.ids(KEPT) == untouched.ids(KEPT)
    assert [one for one in told.ids(ABSORBED) if one not in ties] == untouched.ids(ABSORBED)
    assert told.state(KEPT) == untouched.state(KEPT)
    assert told.listed().get(KEPT) == untouched.listed().get(KEPT)
    after, without = told.state(ABSORBED), untouched.state(ABSORBED)
    if after and without:
        for name in ("events", "last_event_at"):  # the merge and its end are events, too
            after["counts"].pop(name, None)
            without["counts"].pop(name, None)
            after.pop(name, None)
            without.pop(name, None)
        assert after == without


@few
@given(tale=tales())
def test_while_it_lasts_each_entry_of_both_is_there_once(database: Database, tale: Tale) -> None:
    lasting = [event for event in tale.told if event.type != "ticket.merge_reverted"]
    read = Read(database, lasting)

    expected = in_fold_order(Log().add(*lasting))
    assert read.ids(KEPT) == [str(logged.event.event_id) for logged in expected]
    assert read.ids(KEPT, ABSORBED) == read.ids(KEPT)
    assert read.ids(ABSORBED) == [
        str(e.event.event_id) for e in expected if e.event.stream_id == f"ticket/{ABSORBED}"
    ]
    if read.state(KEPT):
        counts = read.listed()[KEPT]["counts"]
        assert ABSORBED not in read.listed()
        assert counts["events"] == len(lasting) + _carried(lasting)


def _carried(events: list[Recorded[Any]]) -> int:
    """Count what openings carry over from streams before."""
    return sum(
        event.data.continues.counts.events
        for event in events
        if getattr(event.data, "continues", None)
    )


def test_a_customer_is_told_of_no_merge_of_companies(database: Database) -> None:
    there = {"company": "borealis", "visibility": "public"}
    merge = on_company(CompaniesMerged, kept_id=ACME, absorbed_id="borealis", **there)
    read = Read(database, [merge, opened("T-3", **there)])
    both = frozenset((ACME, "borealis"))

    def seen_by(reader: Reader) -> int:
        found = page(read.entries, reader, ACME, Filter(), CURSORS, head=read.head)
        return len(found.entries)

    assert seen_by(everything(both)) == 2
    assert seen_by(Reader(frozenset(("public",)), both, public_only=True)) == 0


@given(tale=tales())
def test_a_replay_joins_from_the_merge_on_until_it_is_reverted(tale: Tale) -> None:
    states: dict[str, TicketState] = {}
    for logged in in_fold_order(Log().add(*tale.told)):
        happened = cast("Recorded[AnyTicketEvent]", logged.event)
        evolve(states.setdefault(happened.stream_id, TicketState()), happened)
        documents = [orjson.loads(dump(state)) for state in states.values()]
        if f"ticket/{KEPT}" in states:
            whole = joined(KEPT, documents)
            assert whole == joined(KEPT, documents[::-1])
            inside = len(states) > 1 and bool(states[f"ticket/{ABSORBED}"].merges)
            assert whole.get("absorbed", []) == ([ABSORBED] if inside else [])
