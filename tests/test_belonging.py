"""Whose a new ticket is when the publisher names no company: the person's, if we know them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.events import decode
from domain.events.company import CompanyRegistered
from services.desk import Desk
from tests.conftest import OpenDesk
from tests.reports import (
    ACME,
    affiliated,
    introduced,
    left,
    moved,
    opened,
    registered,
    statuses,
    surveyed,
    talked,
    wrote,
)

ZOE = "person:zoe"


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A desk that knows Acme, and Zoe, who belongs to nobody."""
    desk.record([registered(), introduced("zoe", emails=("zoe@mail.example",))])
    return desk


def test_a01_a_person_without_a_company_is_one(known: Desk) -> None:
    (receipt,) = known.record([opened("1", None, requester_id="zoe")])

    company, affiliation, ticket = known.store.of_company(ZOE)
    event = decode(company.type, company.state).data
    assert isinstance(event, CompanyRegistered)
    assert (event.kind, event.contact_id) == ("individual", "zoe")
    assert affiliation.type == "company.contact_affiliated"
    assert (ticket.stream_id, ticket.position) == ("ticket/1", receipt.position)
    assert (receipt.status, receipt.stream_id, receipt.stream_version) == (
        "accepted",
        "ticket/1",
        1,
    )


@pytest.mark.parametrize("company", [None, "mail=zoe@mail.example", "domain=nobody.example"])
def test_it_is_made_once_and_found_again(
    known: Desk, open_desk: OpenDesk, company: str | None
) -> None:
    known.record(
        [opened("1", company, requester_id="zoe"), opened("2", company, requester_id="zoe")]
    )
    other = open_desk()
    other.record([surveyed("3", company=company, contact_id="zoe"), talked("4", company=f"{ZOE}")])

    assert [row.type for row in known.store.of_company(ZOE)] == [
        "company.registered", "company.contact_affiliated", "ticket.opened", "ticket.opened",
        "survey.sent", "interaction.logged",
    ]  # fmt: skip
    assert known.resolve("company", "mail=zoe@mail.example") == ZOE


def test_a_repeat_makes_nothing_anew(known: Desk) -> None:
    opening = opened("1", None, requester_id="zoe")
    (first,) = known.record([opening])

    (again,) = known.record([opening])

    assert (again.status, again.position) == ("duplicate", first.position)


def test_whoever_belongs_to_a_company_writes_for_it(known: Desk) -> None:
    known.record([affiliated("zoe"), opened("1", None, requester_id="zoe")])
    known.record([left("zoe"), opened("2", None, requester_id="zoe")])

    tickets = {row.stream_id: row.company_id for row in known.store.after(3)}
    assert (tickets["ticket/1"], tickets["ticket/2"]) == (ACME, ZOE)


def test_a_person_we_do_not_know_goes_to_the_unassigned(known: Desk) -> None:
    known.record([opened("1", None, requester_id="stranger"), opened("2", None, requester_id=None)])

    assert {row.company_id for row in known.store.after(2)} == {"unassigned"}


def test_a_person_who_was_introduced_elsewhere_meanwhile_is_known(
    known: Desk, open_desk: OpenDesk
) -> None:
    known.record([opened("1", None, requester_id="eva")])
    open_desk().record([introduced("eva")])

    known.record([opened("2", None, requester_id="eva")])

    assert known.store.company_head("person:eva") == 3


def test_a_later_report_of_another_person_does_not_move_the_ticket(known: Desk) -> None:
    known.record([opened("1"), wrote("1", contact_id="zoe")])

    assert known.store.company_head(ZOE) == 0


def test_a_persons_ticket_moves_to_the_company_they_turn_out_to_be_of(known: Desk) -> None:
    known.record([opened("1", None, requester_id="zoe"), moved("1", to=ACME), wrote("1")])

    assert [row.stream_id for row in known.store.of_company(ACME)][1:] == ["ticket/1~2"] * 2


def test_a_refused_report_makes_no_company(known: Desk) -> None:
    too_large = opened("1", None, requester_id="zoe", description="x" * 300_000)

    assert statuses(known.record([too_large])) == ["too-large"]
    assert known.store.company_head(ZOE) == 0


def test_an_id_too_long_to_be_part_of_another_stays_unassigned(known: Desk) -> None:
    long = "z" * 128
    receipts = known.record([introduced(long), opened("1", None, requester_id=long)])

    assert statuses(receipts) == ["accepted"] * 2
    assert known.store.company_head("unassigned") == 1


def test_two_who_find_the_person_at_once_make_one_company(known: Desk, open_desk: OpenDesk) -> None:
    desks = [known, open_desk(), open_desk(), open_desk()]

    def run(number: int) -> str:
        (receipt,) = desks[number].record([opened(f"{number}", None, requester_id="zoe")])
        desks[number].store.close()
        return receipt.status

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(run, range(4))) == ["accepted"] * 4

    types = [row.type for row in known.store.of_company(ZOE)]
    assert types == ["company.registered", "company.contact_affiliated"] + ["ticket.opened"] * 4
