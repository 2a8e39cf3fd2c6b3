"""Paging the timeline: each entry exactly once, both ways, whatever arrives meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import CursorRefused, QueryRefused
from domain.events import Event, Recorded
from domain.values import everything
from projections.database import Database
from projections.timeline import timeline
from projections.timeline_filter import Filter
from projections.timeline_query import Page, count, followed_to, recorded_since
from tests.events import agent_replied, customer_wrote, noted, opened, step_taken
from tests.examples import ACME, TICKET
from tests.timelines import AGENT, CURSORS, CUSTOMER, Story, database_url, minute, read, story

__all__ = ["database_url", "story"]

WHOLE = {
    "asc": "SELECT position FROM {entries} ORDER BY occurred_at, position",
    "desc": "SELECT position FROM {entries} ORDER BY occurred_at DESC, position DESC",
}


def long_ticket(entries: int) -> Iterator[Recorded[Event]]:
    """Tell of a ticket that goes back and forth, several entries at the same time."""
    yield opened(occurred_at=minute(0))
    for number in range(1, entries):
        write = (customer_wrote, agent_replied, step_taken)[number % 3]
        yield write(occurred_at=minute(2 * (number // 4)))


def walk(
    story: Story, start: Page, way: str, between: Callable[[], object] = lambda: None
) -> Iterator[Page]:
    """Follow ``next`` or ``prev`` to the end, calling *between* before each page."""
    page: Page | None = start
    while page:
        yield page
        between()
        cursor = page.next if way == "next" else page.prev
        along: dict[str, Any] = {"after" if way == "next" else "before": cursor}
        page = story.page(limit=100, **along) if cursor else None


def test_a03_twelve_thousand_entries_are_paged_both_ways_while_new_ones_arrive(
    story: Story,
) -> None:
    """A03: each exactly once, order equal, nothing cut."""
    story.tell(*long_ticket(12_000))
    expected = story.view.all(WHOLE["asc"])

    def arrive() -> None:
        """Let a new entry happen within what is being read."""
        if story.log.position < 12_050:
            story.tell(customer_wrote(occurred_at=minute(97 * story.log.position % 6_000)))

    forward = list(walk(story, story.page(limit=100), "next", arrive))
    back = list(walk(story, forward[-1], "prev", arrive))

    assert story.log.position == 12_050
    assert [e["position"] for p in forward for e in read(p)] == [row[0] for row in expected]
    assert [p.entries for p in reversed(back)] == [p.entries for p in forward]
    assert {p.position for p in (*forward, *back)} == {12_000}
    assert count(story.view, ACME, Filter()) == 12_050


@pytest.mark.slow
def test_a_company_of_a_hundred_thousand_entries_is_paged_both_ways_while_new_ones_arrive(
    story: Story,
) -> None:
    story.tell(*long_ticket(100_000))
    expected = [row[0] for row in story.view.all(WHOLE["asc"])]

    def arrive() -> None:
        if story.log.position < 100_050:
            story.tell(customer_wrote(occurred_at=minute(97 * story.log.position % 50_000)))

    forward, seen = blake2b(), []
    for page in walk(story, story.page(limit=100), "next", arrive):
        forward.update(b"".join(page.entries))
        seen += [entry["position"] for entry in read(page)]
        last = page
    back = [page.entries for page in walk(story, last, "prev", arrive)]

    assert story.log.position == 100_050
    assert seen == expected
    again = blake2b(b"".join(entry for entries in reversed(back) for entry in entries))
    assert again.digest() == forward.digest()


def test_a_page_costs_as_much_at_the_end_of_a_long_pass_as_at_its_start(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/long.db")) as database:
        view = timeline.view(database, generation=1)
        view.create()
        story = Story(view)
        story.tell(*long_ticket(12_000))
        worked: list[int] = []
        database._connection.set_progress_handler(lambda: worked.append(1), 10)

        costs = []
        for page in walk(story, story.page(limit=100), "next"):
            costs.append(len(worked) / max(len(page.entries), 1))
            worked.clear()

    assert len(costs) == 120
    assert max(costs) < 1.2 * sorted(costs)[60]


steps = st.tuples(st.sampled_from(["next", "prev", "arrive"]), st.integers(1, 9))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.sampled_from(["asc", "desc"]), taken=st.lists(steps, max_size=12))
def test_a_pass_of_any_steps_agrees_with_the_whole(
    story: Story, order: str, taken: list[tuple[str, int]]
) -> None:
    if not story.log.position:
        story.tell(*long_ticket(30))
    whole = [row[0] for row in story.view.all(WHOLE[order])]
    place, page = 0, story.page(order=order, limit=5)

    for step, number in taken:
        if step == "arrive":
            story.tell(customer_wrote(occurred_at=minute(number)))
        elif step == "next" and page.next:
            place += len(page.entries)
            page = story.page(order=order, limit=number, after=page.next)
        elif step == "prev" and page.prev:
            page = story.page(order=order, limit=number, before=page.prev)
            place -= len(page.entries)

        found = [entry["position"] for entry in read(page)]
        assert found == whole[place : place + len(found)]
        assert (page.prev is None) == (place == 0)
        assert (page.next is None) == (place + len(found) == len(whole))


def test_each_entry_has_a_cursor_from_which_a_pass_goes_on(story: Story) -> None:
    story.tell(*long_ticket(9))
    entries = story.entries()

    for place, entry in enumerate(entries):
        after = story.entries(after=entry["cursor"])
        before = story.entries(before=entry["cursor"])
        assert [e["position"] for e in [*before, entry, *after]] == [e["position"] for e in entries]
        assert len(before) == place


def test_a_new_pass_sees_what_came_since(story: Story) -> None:
    story.tell(*long_ticket(5))
    old = story.page(limit=2)
    story.tell(customer_wrote(occurred_at=minute(1)))

    assert len(read(story.page(after=old.next))) == 3
    assert 6 in story.positions()
    assert story.page().position == 6


def test_the_ends_of_a_timeline_have_no_cursor(story: Story) -> None:
    assert story.page().json() == b'{"entries":[],"next":null,"prev":null,"position":0}'

    story.tell(*long_ticket(3))
    page = story.page(limit=3)

    assert (page.next, page.prev) == (None, None)
    assert page.json({"stale": True}).endswith(b',"position":3,"stale":true}')


def test_a_cursor_serves_one_company_one_filter_and_one_kind_of_reader(story: Story) -> None:
    story.tell(*long_ticket(3), opened("B-1", company="borealis"))
    cursor = story.page(limit=1).next

    for reader, asked in (
        (everything(), {"company": "borealis"}),
        (everything(), {"tickets": (TICKET,)}),
        (CUSTOMER, {}),
    ):
        with pytest.raises(CursorRefused):
            story.page(reader, after=cursor, **asked)
    assert story.page(AGENT, after=cursor).entries


def test_a_customer_pages_by_veiled_cursors(story: Story) -> None:
    story.tell(opened(), noted(), customer_wrote(), noted(), agent_replied())

    first = story.page(CUSTOMER, limit=2)
    rest = story.page(CUSTOMER, limit=2, after=first.next)

    assert [entry["public_seq"] for page in (first, rest) for entry in read(page)] == [1, 2, 3]
    assert story.page(CUSTOMER, limit=2, before=rest.prev).entries == first.entries


@pytest.mark.parametrize("limit", [0, 201, -1])
def test_a_page_has_one_to_two_hundred_entries(story: Story, limit: int) -> None:
    with pytest.raises(QueryRefused, match="limit"):
        story.page(limit=limit)


def test_a_page_lies_after_one_cursor_or_before_one(story: Story) -> None:
    story.tell(*long_ticket(3))
    cursor = story.page(limit=1).next

    with pytest.raises(QueryRefused, match="give one"):
        story.page(after=cursor, before=cursor)
    with pytest.raises(CursorRefused):
        story.page(after="")


def test_who_follows_gets_what_is_recorded_in_its_order(story: Story) -> None:
    story.tell(*long_ticket(4))
    asked = Filter(tickets=(TICKET,))
    seen = recorded_since(story.view, AGENT, ACME, 0, asked, CURSORS, head=4)
    story.tell(
        customer_wrote(occurred_at=minute(9)),
        opened("TCK-9"),
        customer_wrote(occurred_at=minute(-9)),
    )

    start = followed_to(seen[-1].id, AGENT, ACME, asked, CURSORS)
    news = recorded_since(story.view, AGENT, ACME, start, asked, CURSORS, head=7)

    assert start == 4
    assert [arrival.position for arrival in news] == [5, 7]
    assert [arrival.position for arrival in seen] == [1, 2, 3, 4]
    page = story.page(AGENT, tickets=(TICKET,))
    assert {a.entry for a in news} < set(page.entries)


def test_the_id_of_an_arrival_is_no_cursor_of_a_page(story: Story) -> None:
    story.tell(opened())
    arrival = recorded_since(story.view, CUSTOMER, ACME, 0, Filter(), CURSORS, head=1)[0]

    with pytest.raises(CursorRefused):
        story.page(CUSTOMER, after=arrival.id)
    with pytest.raises(CursorRefused):
        followed_to(story.entries(CUSTOMER)[0]["cursor"], CUSTOMER, ACME, Filter(), CURSORS)
    assert followed_to(arrival.id, CUSTOMER, ACME, Filter(), CURSORS) == 1
