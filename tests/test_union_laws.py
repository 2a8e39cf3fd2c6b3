"""Laws of unions: what was undone leaves no trace, of whatever kind it was."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import Logged, Recorded
from domain.events.account import CompaniesMerged, CompanyMergeReverted
from domain.events.contact import ContactMergeReverted, ContactsMerged
from domain.events.ticket import TicketMergeReverted, TicketsMerged
from projections import tickets, unions
from projections.database import Database
from projections.replay import company_replay
from tests.dossiers import AUDITOR, DATABASES, told
from tests.events import ACME, MONDAY, Log, recorded
from tests.histories import in_fold_order

OTHER = "borealis"
FIGURES = ("tickets", "promises", "contacts", "escalations", "last_contact", "name")
LAWS = settings(
    max_examples=50, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
MINUTES = st.integers(0, 9).map(lambda minute: MONDAY + timedelta(minutes=minute))
KINDS: dict[unions.Kind, tuple[type[Any], type[Any]]] = {
    "ticket": (TicketsMerged, TicketMergeReverted),
    "contact": (ContactsMerged, ContactMergeReverted),
    "company": (CompaniesMerged, CompanyMergeReverted),
}

generations = count(1)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/laws.db"
    with closing(
        Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    ) as found:
        yield found


@st.composite
def ties(draw: st.DrawFn, kind: unions.Kind) -> tuple[list[Recorded[Any]], list[Recorded[Any]]]:
    """Draw merges, some of them reverted: all that was said, and what was never undone."""
    merges, every, lasting = KINDS[kind], [], []
    for _ in range(draw(st.integers(1, 5))):
        part, whole = draw(st.permutations(("a", "b", "c")))[:2]
        known = {"kept_id": whole, **({"absorbed_id": part} if kind == "company" else {})}
        stream = f"{kind}/{part}"
        merge = recorded(merges[0](**known), stream, company=ACME, occurred_at=draw(MINUTES))
        every.append(merge)
        if draw(st.booleans()):
            undone = merges[1](merge_event_id=merge.event_id)
            at = merge.occurred_at + timedelta(minutes=draw(st.integers(0, 3)))
            every.append(recorded(undone, stream, company=ACME, occurred_at=at))
        else:
            lasting.append(merge)
    return every, lasting


@LAWS
@given(drawn=st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), ties(kind))
))  # fmt: skip
def test_a_merge_that_was_reverted_joins_nothing(
    database: Database, drawn: tuple[unions.Kind, Any]
) -> None:
    kind, (every, lasting) = drawn
    views = []
    for events in (every, lasting):
        view = tickets.tickets.view(database, next(generations))
        view.create()
        unions.keep(view, Log().add(*events))
        views.append(view)

    one, other = ([unions.parts(view, kind, [whole]) for whole in "abc"] for view in views)
    assert list(map(set, one)) == list(map(set, other))
    assert unions.root_of(views[0], kind, "abc") == unions.root_of(views[1], kind, "abc")


@st.composite
def companies(draw: st.DrawFn) -> tuple[list[Logged], list[Logged], list[Logged]]:
    """Draw what happened with two companies: as it was, with a merge, and with its end."""
    events = [logged.event for logged in draw(told((ACME, OTHER), most=10))]
    events = [event for event in events if not event.type.startswith("company.merge")]
    at = draw(MINUTES)
    merge = CompaniesMerged(kept_id=ACME, absorbed_id=OTHER)
    both = [recorded(merge, f"company/{one}", company=one, occurred_at=at) for one in (ACME, OTHER)]
    undo = CompanyMergeReverted(merge_event_id=both[1].event_id)
    end = recorded(undo, f"company/{OTHER}", company=OTHER, occurred_at=at + timedelta(minutes=2))
    return Log().add(*events), Log().add(*events, *both), Log().add(*events, *both, end)


def last(log: list[Logged], company: str, *within: str) -> dict[str, Any]:
    """Tell the figures of a company at the end of its replay."""
    events = [e for e in in_fold_order(log) if e.event.company_id in (company, *within)]
    steps = [*company_replay(events, AUDITOR, company_id=company)]
    return {name: steps[-1].state[name] for name in FIGURES} if steps else {}


@LAWS
@given(drawn=companies())
def test_the_figures_of_merged_companies_add_up_until_that_is_reverted(
    drawn: tuple[list[Logged], list[Logged], list[Logged]],
) -> None:
    untouched, merged, parted = drawn

    alone = [last(untouched, company) for company in (ACME, OTHER)]
    whole = last(merged, ACME, OTHER)

    for figure in ("tickets", "promises"):
        each = [figures[figure] for figures in alone if figures]
        assert whole[figure] == {name: sum(one[name] for one in each) for name in whole[figure]}
    if alone[0]:
        assert last(parted, ACME, OTHER) == alone[0]
