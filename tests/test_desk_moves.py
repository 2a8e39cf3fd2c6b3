"""A ticket that moves to another company ends there and goes on, as one chain."""

import pytest

from domain.events import decode
from domain.events.ticket import (
    TicketMovedAway,
    TicketOpened,
)
from domain.ticket import Ticket
from services.control import Keyring
from services.desk import Desk
from services.sealing import PREFIX, unseal
from tests.conftest import OpenDesk
from tests.reports import (
    ACME,
    TICKET,
    at,
    kept,
    moved,
    opened,
    promised,
    registered,
    replied,
    resolved,
    statuses,
    wrote,
)

FIRST = f"ticket/{TICKET}"
SECOND = f"ticket/{TICKET}~2"
THIRD = f"ticket/{TICKET}~3"


@pytest.fixture
def at_acme(desk: Desk) -> Desk:
    """A desk that knows three companies, and Acme's ticket with a message and two replies."""
    desk.record([registered(company) for company in (ACME, "borealis", "corvus")])
    desk.record([opened(at=at("09:02")), wrote(at=at("09:10")), replied(), replied()])
    return desk


def opening_of(desk: Desk, stream: str, keyring: Keyring) -> TicketOpened:
    row = desk.store.of_stream(stream)[0]
    opening = unseal(decode(row.type, row.state), keyring).data
    assert isinstance(opening, TicketOpened)
    return opening


def test_a_move_ends_one_stream_and_opens_the_next_in_one_commit(
    at_acme: Desk, keyring: Keyring
) -> None:
    (receipt,) = at_acme.record([moved(to="borealis", at=at("11:00"))])

    end, beginning = at_acme.store.after((receipt.position or 0) - 1)
    assert (end.stream_id, end.company_id, end.type) == (FIRST, ACME, "ticket.moved_away")
    assert (beginning.stream_id, beginning.company_id) == (SECOND, "borealis")
    assert (receipt.position, receipt.last_position) == (end.position, beginning.position)
    away = decode(end.type, end.state).data
    assert isinstance(away, TicketMovedAway)
    assert (away.to_company, away.to_stream_id) == ("borealis", SECOND)
    continues = opening_of(at_acme, SECOND, keyring).continues
    assert continues is not None
    assert (continues.stream_id, continues.chain_id) == (FIRST, TICKET)
    assert continues.first_opened_at == at("09:02")
    counts = continues.counts
    assert (counts.events, counts.customer_messages, counts.agent_replies) == (5, 1, 2)


def test_the_texts_go_along_sealed_with_the_other_companys_key(
    at_acme: Desk, keyring: Keyring
) -> None:
    at_acme.record([moved(to="borealis")])

    keyring.destroy(f"company/{ACME}")

    assert opening_of(at_acme, FIRST, keyring).subject == "[erased]"
    assert opening_of(at_acme, SECOND, keyring).subject == "Playout drops frames"
    states = [at_acme.store.of_stream(stream)[0].state for stream in (FIRST, SECOND)]
    assert all(PREFIX.encode() in state and b"drops" not in state for state in states)


@pytest.mark.parametrize("visibility", ["public", "internal", "restricted"])
def test_the_opening_is_seen_by_no_more_people_than_before(at_acme: Desk, visibility: str) -> None:
    at_acme.record([opened("T-2", visibility=visibility), moved("T-2", to="borealis")])

    first, second = (at_acme.store.of_stream(f"ticket/{ticket}")[0] for ticket in ("T-2", "T-2~2"))
    assert f'"visibility":"{visibility}"'.encode() in first.state
    assert f'"visibility":"{visibility}"'.encode() in second.state
    assert (second.public_seq is None) == (visibility != "public")


def test_a_report_to_a_moved_ticket_is_recorded_in_its_last_link(at_acme: Desk) -> None:
    at_acme.record([moved(to="borealis"), moved(to="corvus")])

    late, named = at_acme.record([wrote(), wrote(company=ACME)])

    assert (late.stream_id, late.stream_version) == (THIRD, 2)
    assert (named.stream_id, named.stream_version) == (THIRD, 3)
    (row,) = at_acme.store.of_stream(THIRD, since=2)
    assert row.company_id == "corvus"
    chain = [at_acme.store.of_stream(stream)[-1].type for stream in (FIRST, SECOND)]
    assert chain == ["ticket.moved_away", "ticket.moved_away"]


def test_the_third_link_counts_both_before_it(at_acme: Desk, keyring: Keyring) -> None:
    at_acme.record([moved(to="borealis"), wrote(), replied(), moved(to="corvus")])

    continues = opening_of(at_acme, THIRD, keyring).continues

    assert continues is not None
    assert (continues.stream_id, continues.chain_id) == (SECOND, TICKET)
    assert continues.first_opened_at == at("09:02")
    counts = continues.counts
    assert (counts.events, counts.customer_messages, counts.agent_replies) == (9, 2, 3)


def test_a_repeat_of_a_report_that_went_to_the_last_link_names_it(
    at_acme: Desk, open_desk: OpenDesk
) -> None:
    said = wrote()
    at_acme.record([moved(to="borealis"), said])

    (again,) = open_desk().record([said])

    assert (again.status, again.stream_id) == ("duplicate", SECOND)


def test_a_promise_made_before_the_move_can_be_kept_after_it(
    at_acme: Desk, open_desk: OpenDesk
) -> None:
    at_acme.record([promised(), moved(to="borealis"), moved(to="corvus")])

    here = at_acme.record([kept(), promised()])
    elsewhere = open_desk().record([kept(), promised()])

    assert statuses(here) == statuses(elsewhere) == ["accepted", "already-made"]


def test_a_reference_says_where_to_move(at_acme: Desk) -> None:
    at_acme.record([registered("draco", domains=("draco.example",))])

    receipts = at_acme.record(
        [
            moved(to="domain=draco.example"),
            moved(to="domain=DRACO.example"),
            moved(to="domain=nobody.example"),
            moved(to="mail=somebody@nobody.example"),
        ]
    )

    assert statuses(receipts) == ["accepted", "already-moved", "accepted", "already-moved"]
    companies = [at_acme.store.of_stream(stream)[0].company_id for stream in (SECOND, THIRD)]
    assert companies == ["draco", "unassigned"]


def test_a_ticket_cannot_move_to_a_company_that_nobody_registered(at_acme: Desk) -> None:
    head = at_acme.store.head()

    assert statuses(at_acme.record([moved(to="ghost"), wrote()])) == ["unknown-company", "accepted"]
    assert at_acme.store.head() == head + 1


def test_only_a_move_continues_a_ticket(at_acme: Desk, keyring: Keyring) -> None:
    at_acme.record([moved(to="borealis")])
    forged = opening_of(at_acme, SECOND, keyring)

    receipts = at_acme.record(
        [opened(f"{TICKET}~3"), opened("a~b"), opened("T-9", continues=forged.continues)]
    )

    assert statuses(receipts) == ["invalid-report"] * 3


def test_a_move_that_others_recorded_is_noticed(at_acme: Desk, open_desk: OpenDesk) -> None:
    other = open_desk()
    other.record([wrote(expected_version=99)])  # it remembers the ticket as it was
    at_acme.record([moved(to="borealis")])

    (accepted,) = other.record([wrote()])
    (refused,) = open_desk().record([wrote(expected_version=5)])

    assert (accepted.status, accepted.stream_id) == ("accepted", SECOND)
    assert (refused.code, refused.current_version) == ("wrong-version", 2)
    assert SECOND in (refused.reason or "")


def test_a_ticket_of_an_erased_person_can_still_be_moved(
    at_acme: Desk, keyring: Keyring, open_desk: OpenDesk
) -> None:
    keyring.destroy("contact/jan-peeters")

    (receipt,) = open_desk().record([moved(to="borealis")])

    assert receipt.status == "accepted"
    opening = opening_of(at_acme, SECOND, keyring)
    assert (opening.subject, opening.description) == ("Playout drops frames", None)


def test_an_id_that_leaves_no_room_for_a_link_is_refused_when_it_is_to_be_moved(
    at_acme: Desk,
) -> None:
    long = "T" * 128
    receipts = at_acme.record([opened(long), moved(long), resolved(long)])

    assert statuses(receipts) == ["accepted", "invalid-report", "accepted"]


def test_the_chain_is_the_same_after_a_replay(at_acme: Desk) -> None:
    at_acme.record([promised(), resolved(), moved(to="borealis"), wrote(), moved(to="corvus")])

    for stream in (FIRST, SECOND, THIRD):
        live, replayed = at_acme.streams.find(stream), at_acme.streams.load(stream)
        assert isinstance(live, Ticket)
        assert vars(live) == vars(replayed)
