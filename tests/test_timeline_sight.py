"""Who sees what of a timeline: restricted entries, customers, companies out of reach."""

from typing import Any

import pytest

from domain.errors import CompanyHidden
from domain.events.company import (
    LicencesChanged,
)
from domain.events.continuing import Continues
from domain.values import Reader, everything
from projections.slots import OPENS
from tests.events import (
    agent_replied,
    consulted,
    customer_wrote,
    noted,
    on_company,
    opened,
)
from tests.examples import JAN, MIA, TICKET, at
from tests.timelines import AGENT, CUSTOMER, Story, database_url, minute, story

__all__ = ["database_url", "story"]


def test_a15_any_agent_sees_all_tickets_and_restricted_entries_without_their_text(
    story: Story,
) -> None:
    """A15: time, kind, department, "restricted"."""
    for team in ("First line", "Second line", "Engineering"):
        story.tell(opened(f"TCK-{team}".replace(" ", "-"), department=team))
    story.tell(noted("TCK-Engineering", visibility="restricted", occurred_at=at("10:00")))

    *tickets, note = story.entries(AGENT)

    assert {entry["department"] for entry in tickets} == {
        "First line",
        "Second line",
        "Engineering",
    }
    assert note == {
        **note,
        "type": "ticket.internal_note_added",
        "occurred_at": "2026-11-02T10:00:00.000000Z",
        "actor": "agent",
        "ticket_id": "TCK-Engineering",
        "contact_id": None,
        "channel": None,
        "department": "Engineering",
        "visibility": "restricted",
        "text": "restricted",
        "data": {},
    }
    assert "leaks" in story.entries()[3]["text"]


def test_a30_two_departments_at_once_are_exactly_their_union_in_one_order(story: Story) -> None:
    departments = ("Support", "Sales", "Engineering", "Billing")
    for number in range(12):
        department = departments[number * 5 % 4]
        story.tell(opened(f"T-{number}", department=department, occurred_at=minute(-number)))
    story.tell(noted("T-1", occurred_at=minute(3)), consulted("T-2", department="Billing"))

    for reader in (everything(), AGENT):
        alone = [story.positions(reader, departments=(name,)) for name in ("Sales", "Billing")]
        both = story.positions(reader, departments=("Sales", "Billing"))
        every = story.positions(reader)
        assert len(both) == len(alone[0]) + len(alone[1]) == 8
        assert both == [position for position in every if position in {*alone[0], *alone[1]}]
        assert story.positions(reader, departments=departments) == every


@pytest.mark.parametrize(
    "asked",
    [
        {"actors": (f"agent/{MIA}",)},
        {"contacts": (JAN,)},
        {"channels": ("phone",)},
        {"severities": (1,)},
        {"products": ("playout-server",)},
        {"search": "leaks"},
    ],
)
def test_a_redacted_entry_is_not_found_by_what_it_does_not_show(
    story: Story, asked: dict[str, Any]
) -> None:
    story.tell(opened(occurred_at=minute(0)), noted(visibility="restricted", note="It leaks"))

    assert 2 in story.positions(**asked)
    assert 2 not in story.positions(AGENT, **asked)
    assert 2 in story.positions(AGENT, tickets=(TICKET,), visibilities=("restricted",))


def test_who_may_not_read_internal_entries_does_not_see_them(story: Story) -> None:
    story.tell(opened(), noted(), noted(visibility="restricted"))

    assert story.positions(Reader(frozenset(("public", "restricted")))) == [1, 3]
    assert story.positions(Reader(frozenset())) == [3]


def test_a_customer_sees_what_is_public_and_cannot_count_the_rest(story: Story) -> None:
    chain = Continues(stream_id="ticket/TCK-1", chain_id="TCK-1", first_opened_at=minute(0))
    story.tell(
        noted(),
        opened(continues=chain),
        noted(visibility="restricted"),
        agent_replied(),
        on_company(LicencesChanged),
        customer_wrote(),
    )

    page = story.page(CUSTOMER)
    entries = story.entries(CUSTOMER)

    assert [entry["public_seq"] for entry in entries] == [1, 2, 3]
    assert list(entries[0])[:3] == ["public_seq", "cursor", "event_id"]
    for hidden in (b'"position":6', b"company_seq", b"seen_position", b"continues"):
        assert hidden not in page.json()
    assert page.json().endswith(b'"position":null}')
    assert story.entries()[3]["data"]["seen_position"] == 7
    assert story.positions(visibilities=("public",)) == [2, 4, 6]


def test_a_company_out_of_reach_is_refused_even_where_it_is_empty(story: Story) -> None:
    for reader in (CUSTOMER, everything(["borealis"])):
        with pytest.raises(CompanyHidden):
            story.page(reader, company="nobody")


def test_nobody_forges_the_name_of_a_person(story: Story) -> None:
    forged = f"{OPENS}staff/boss\ue001"
    story.tell(customer_wrote(body=forged, channel=forged), noted(note=forged))

    document = story.page().json()

    assert forged.encode() not in document
    assert b"staff/boss" in document
