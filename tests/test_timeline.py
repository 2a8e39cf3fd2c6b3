"""The timeline on both databases: what is written, what it is found by, and in which order."""

from typing import Any

import pytest

from domain.errors import QueryRefused
from domain.events.company import (
    CompanyEscalationRaised,
    InstallationConfigured,
    ProductInstalled,
    PurchaseLine,
)
from domain.events.duties import (
    ConsultationAnswered,
)
from domain.events.interaction import Participant
from domain.events.ticket import (
    Assignee,
    TicketPutOnHold,
)
from domain.values import micros
from projections.slots import OPENS
from projections.timeline import timeline
from projections.timeline_filter import Filter
from projections.timeline_query import count
from tests.events import (
    affiliated,
    agent_replied,
    answered,
    assigned,
    classified,
    company_registered,
    consulted,
    customer_wrote,
    every_event,
    noted,
    on_company,
    on_ticket,
    opened,
    promised,
    purchased,
    resolved,
    surveyed,
    talked,
)
from tests.examples import ACME, ANA, JAN, MIA, TICKET, TOM, at
from tests.timelines import Story, database_url, minute, story

__all__ = ["database_url", "story"]

KEYS = (
    "position",
    "company_seq",
    "cursor",
    "event_id",
    "type",
    "occurred_at",
    "recorded_at",
    "late",
    "actor",
    "company_id",
    "ticket_id",
    "contact_id",
    "channel",
    "department",
    "visibility",
    "text",
    "data",
)
FOUR = ("phone", "email", "chat", "portal")
FIVE = (JAN, ANA, "bo", "cem", "dora")


def test_every_event_of_a_company_is_on_its_timeline(story: Story) -> None:
    told = story.tell(*every_event())

    entries = story.entries(limit=200)

    expected = [logged.event.type for logged in told if logged.event.company_id]
    assert [entry["type"] for entry in entries] == expected


def test_an_entry_has_the_keys_that_programs_depend_on(story: Story) -> None:
    story.tell(opened(), customer_wrote(occurred_at=at("09:40")))

    entry = story.entries()[1]

    assert tuple(entry) == KEYS
    assert entry == {
        **entry,
        "position": 2,
        "company_seq": 2,
        "type": "ticket.customer_message_received",
        "occurred_at": "2026-11-02T09:40:00.000000Z",
        "late": False,
        "actor": f"contact/{JAN}",
        "ticket_id": TICKET,
        "contact_id": JAN,
        "channel": "email",
        "department": "First line",
        "visibility": "public",
    }
    assert entry["text"].startswith(f"{OPENS}contact/{JAN}")
    assert entry["data"]["body"] == "Still dropping frames,\nnow on channel 3 too."


def test_events_of_no_company_are_on_no_timeline(story: Story) -> None:
    story.tell(*(event for event in every_event() if event.company_id is None))

    assert story.view.all("SELECT position FROM {entries}") == []


def test_an_event_that_comes_twice_is_refused_by_the_table(story: Story) -> None:
    told = story.tell(opened())

    with pytest.raises(Exception, match=r"(?i)unique"), story.view.database.transaction():
        timeline.apply(story.view, told)


def test_entries_stand_in_happened_order_and_late_ones_are_marked(story: Story) -> None:
    story.tell(
        opened(occurred_at=at("09:02")),
        agent_replied(occurred_at=at("11:00")),
        talked(occurred_at=at("10:00")),
    )

    late = [(entry["position"], entry["late"]) for entry in story.entries()]

    assert late == [(1, False), (3, True), (2, False)]
    assert story.positions(order="desc") == [2, 3, 1]


def test_a12_many_people_of_one_company_stand_in_one_order(story: Story) -> None:
    """A12: five contacts, nine tickets, four channels; by contact only that person's."""
    for n in range(9):
        who, ticket, channel = FIVE[n % 5], f"TCK-{n}", FOUR[n % 4]
        story.tell(
            opened(ticket, requester_id=who, channel=channel, occurred_at=minute(n)),
            agent_replied(ticket, contact_id=None, channel=None, occurred_at=minute(20 - n)),
        )

    entries = story.entries()

    assert len({entry["ticket_id"] for entry in entries}) == 9
    assert {entry["channel"] for entry in entries} == set(FOUR)
    assert [e["occurred_at"] for e in entries] == sorted(e["occurred_at"] for e in entries)
    assert {e["ticket_id"] for e in story.entries(contacts=(ANA,))} == {"TCK-1", "TCK-6"}
    assert len(story.entries(contacts=(JAN, ANA), channels=("phone",))) == 2


def test_a19_one_request_answers_for_the_whole_company(story: Story) -> None:
    """A19: the count is that of the events with that company."""
    for company in (ACME, "borealis"):
        for n in range(9):
            story.tell(
                opened(f"{company}-{n}", company=company),
                customer_wrote(f"{company}-{n}", company=company),
            )
        story.tell(company_registered(company=company), purchased(company=company))

    entries = story.entries(limit=200)

    events = [logged for logged in story.log.history if logged.event.company_id == ACME]
    assert len(entries) == len(events) == count(story.view, ACME, Filter()) == 20
    assert [entry["company_seq"] for entry in entries] == list(range(1, 21))
    assert {entry["company_id"] for entry in entries} == {ACME}


def test_entries_carry_what_was_known_of_their_ticket_then(story: Story) -> None:
    story.tell(
        opened(severity=3, product_id=None),
        customer_wrote(),
        classified(severity=1, product_id="playout-server"),
        customer_wrote(channel=None),
        assigned(to=Assignee(team="Second line")),
        resolved(),
    )

    assert story.positions(severities=(3,)) == [1, 2]
    assert story.positions(severities=(1,), products=("playout-server",)) == [3, 4, 5, 6]
    assert story.positions(departments=("Second line",)) == [5, 6]
    assert story.positions(channels=("phone",)) == [1, 3, 4, 5, 6]
    assert story.positions(contacts=(JAN,)) == [1, 2, 3, 4, 5, 6]


def test_a_consultation_stands_under_the_department_that_was_asked(story: Story) -> None:
    story.tell(opened(), consulted(), on_ticket(ConsultationAnswered), resolved())

    assert story.positions(departments=("Engineering",)) == [2, 3]


def test_a_survey_stands_under_the_ticket_it_asks_about(story: Story) -> None:
    story.tell(surveyed(), answered(contact_id=None, actor="system/forms"))

    assert story.positions(tickets=(TICKET,), contacts=(JAN,)) == [1, 2]


def test_a_setting_stands_under_the_product_it_belongs_to(story: Story) -> None:
    story.tell(on_company(ProductInstalled), on_company(InstallationConfigured))

    assert story.positions(products=("playout-server",)) == [1, 2]


def test_what_names_several_is_found_by_each_and_belongs_to_none(story: Story) -> None:
    people = (Participant(contact_id=JAN), Participant(contact_id=ANA))
    lines = (PurchaseLine(product_id="codec-pack"), PurchaseLine(product_id="playout-server"))
    story.tell(
        talked(participants=people, ticket_ids=("TCK-1", "TCK-2~2")),
        purchased(lines=lines),
        on_company(CompanyEscalationRaised),
        customer_wrote("TCK-2", actor=f"contact/{ANA}"),
    )

    assert story.entries()[0]["contact_id"] is None
    assert story.positions(contacts=(JAN,)) == [1, 3, 4]
    assert story.positions(contacts=(ANA,)) == [1, 4]
    assert story.positions(tickets=("TCK-2",)) == [1, 4]
    assert story.positions(tickets=(TICKET, "TCK-1")) == [1, 3]
    assert story.positions(products=("codec-pack",)) == [2]


def test_a_ticket_that_moved_counts_as_one(story: Story) -> None:
    story.tell(opened("TCK-7"), opened("TCK-7~2"), customer_wrote("TCK-7~2"))

    assert story.positions(tickets=("TCK-7",)) == story.positions(tickets=("TCK-7~2",)) == [1, 2, 3]


def test_filters_narrow_together_and_values_widen(story: Story) -> None:
    story.tell(
        opened(occurred_at=minute(0)),
        customer_wrote(occurred_at=minute(1)),
        promised(occurred_at=minute(2)),
        on_ticket(TicketPutOnHold, occurred_at=minute(3)),
        noted(occurred_at=minute(4)),
        affiliated(occurred_at=minute(5)),
    )

    assert story.positions(types=("ticket.opened", "ticket.commitment_made")) == [1, 3]
    assert story.positions(actors=(f"agent/{TOM}", f"agent/{MIA}")) == [3, 5]
    assert story.positions(visibilities=("internal",), tickets=(TICKET,)) == [5]
    assert story.positions(since=micros(minute(1)), until=micros(minute(4))) == [2, 3, 4]
    assert story.positions(as_of=micros(minute(1))) == [1, 2]
    assert story.positions(known_at=4, since=micros(minute(1))) == [2, 3, 4]
    assert story.positions(types=("no.such",)) == []
    assert count(story.view, ACME, Filter(tickets=(TICKET,), known_at=4)) == 4


@pytest.mark.parametrize(
    "asked",
    [
        {"search": " "},
        {"known_at": -(2**70)},
        {"since": 2**63},
        {"severities": (2**64,)},
        {"tickets": ("nul\x00",)},
        {"actors": ("half\ud800",)},
        {"types": tuple(f"kind.{n}" for n in range(201))},
    ],
)
def test_a_filter_that_no_database_takes_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(QueryRefused):
        Filter(**asked)


def test_equal_filters_have_equal_digests_whatever_their_order() -> None:
    one = Filter(types=("a", "b", "a"), tickets=("TCK-1~2",))

    assert one.digest == Filter(types=("b", "a"), tickets=("TCK-1",)).digest
    assert one.digest != Filter(types=("b", "a"), contacts=("TCK-1",)).digest


def test_the_same_events_in_other_pages_give_the_same_rows(story: Story) -> None:
    told = story.tell(*every_event())
    again = timeline.view(story.view.database, generation=2)
    again.create()

    for logged in told:
        timeline.apply(again, [logged])

    for table in ("entries", "contexts", "also"):
        rows = f"SELECT * FROM {{{table}}} ORDER BY 1, 2, 3, 4"
        assert again.all(rows) == story.view.all(rows)


def test_a_view_can_be_dropped_and_made_again(story: Story) -> None:
    story.tell(opened())
    story.view.drop()

    story.view.create()

    assert story.positions() == []
