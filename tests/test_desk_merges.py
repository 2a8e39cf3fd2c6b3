"""Merges, splits and parents at the desk: pointers, checked against all the streams they touch."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.events import Event, decode
from domain.events.account import (
    CompanyMergeReverted,
    CompanyParentSet,
)
from domain.events.ticket import TicketOpened
from services.control import Keyring
from services.desk import Desk
from services.sealing import unseal
from services.wire import Report
from tests.conftest import OpenDesk
from tests.reports import (
    ACME,
    adopted,
    affiliated,
    at,
    different,
    happened,
    introduced,
    kept,
    merged,
    moved,
    opened,
    parted,
    promised,
    registered,
    resolved,
    reverted,
    same,
    split,
    statuses,
    united,
    wrote,
)


@pytest.fixture
def three(desk: Desk) -> Desk:
    """A desk that knows three companies, two tickets of Acme, and one of Borealis."""
    desk.record([registered(company) for company in (ACME, "borealis", "corvus")])
    desk.record([opened("T-1"), opened("T-2"), opened("B-1", "borealis")])
    return desk


def types(desk: Desk, stream: str) -> list[str]:
    return [row.type for row in desk.store.of_stream(stream)]


def last(desk: Desk, stream: str) -> Event:
    row = desk.store.of_stream(stream)[-1]
    return decode(row.type, row.state).data


def refusal(desk: Desk, *reports: Report) -> str:
    return statuses(desk.record(reports))[-1]


def test_a_ticket_goes_on_inside_one_that_exists_at_the_same_company(three: Desk) -> None:
    assert refusal(three, merged("T-2", "nobody")) == "unknown-ticket"
    assert refusal(three, merged("T-2", "B-1")) == "other-company"
    assert refusal(three, merged("T-2", "T-1")) == "accepted"
    assert refusal(three, merged("T-1", "T-2")) == "merged-into-itself"
    assert refusal(three, merged("T-2", "T-1")) == "already-merged"
    assert refusal(three, moved("T-2", "corvus")) == "already-merged"


def test_tickets_of_companies_that_are_one_can_be_one(three: Desk) -> None:
    three.record([united(ACME, "borealis")])

    assert refusal(three, merged("B-1", "T-1")) == "accepted"


def test_a_reply_to_a_merged_ticket_stays_in_its_stream_and_reopens_the_kept_one(
    three: Desk,
) -> None:
    three.record([resolved("T-1", at=at("09:30")), merged("T-2", "T-1", at=at("10:00"))])

    (receipt,) = three.record([wrote("T-2", at=at("11:00"))])

    assert receipt.stream_id == "ticket/T-2"
    assert types(three, "ticket/T-2")[-1] == "ticket.customer_message_received"
    assert types(three, "ticket/T-1") == ["ticket.opened", "ticket.resolved", "ticket.reopened"]


def test_after_a_merge_is_reverted_the_other_ticket_is_left_alone(three: Desk) -> None:
    (merge,) = three.record([merged("T-2", "T-1", at=at("10:00"))])
    three.record([resolved("T-1", at=at("10:10")), reverted("T-2", merge, at=at("10:20"))])

    three.record([wrote("T-2", at=at("11:00"))])

    assert types(three, "ticket/T-1") == ["ticket.opened", "ticket.resolved"]
    assert refusal(three, reverted("T-2", merge)) == "unknown-merge"


def test_what_another_desk_opened_meanwhile_is_known_before_a_merge_is_refused(
    three: Desk, open_desk: OpenDesk
) -> None:
    assert refusal(three, merged("T-2", "T-9")) == "unknown-ticket"
    open_desk().record([opened("T-9")])

    assert refusal(three, merged("T-2", "T-9")) == "accepted"


@pytest.mark.parametrize("told_by", [ACME, "borealis"])
def test_a_merge_of_companies_is_on_both_and_so_is_its_end(three: Desk, told_by: str) -> None:
    other = "borealis" if told_by == ACME else ACME
    (merge,) = three.record([united(ACME, "borealis", told_by)])
    streams = f"company/{told_by}", f"company/{other}"

    there = three.store.of_stream(streams[1])[-1]
    assert (there.type, there.position) == ("company.merged", merge.last_position)
    assert [types(three, stream)[-1] for stream in streams] == ["company.merged"] * 2

    (end,) = three.record([parted(told_by, merge)])

    assert end.last_position == (end.position or 0) + 1
    undone = last(three, streams[1])
    assert isinstance(undone, CompanyMergeReverted)
    assert str(undone.merge_event_id) in there.state.decode()
    assert refusal(three, united("corvus", "borealis"), united(ACME, "corvus")) == "accepted"


def test_companies_are_not_merged_in_a_circle_nor_with_what_is_none(three: Desk) -> None:
    three.record([united(ACME, "borealis"), united("corvus", ACME)])

    assert refusal(three, united("borealis", "corvus")) == "merged-into-itself"
    assert refusal(three, united("corvus", "borealis")) == "already-merged"
    assert refusal(three, united("corvus", "borealis", "corvus")) == "already-merged"
    assert refusal(three, united("nobody", "corvus")) == "unknown-company"
    assert refusal(three, united("unassigned", "corvus")) == "unknown-company"


def test_a_parent_learns_of_its_subsidiaries_as_they_come_and_go(three: Desk) -> None:
    three.record([adopted(ACME, "borealis"), adopted(ACME, "corvus"), adopted("borealis", ACME)])

    assert types(three, "company/borealis")[1:] == [
        "company.subsidiary_added", "company.subsidiary_removed", "company.parent_set",
    ]  # fmt: skip
    assert types(three, "company/corvus")[1:] == ["company.subsidiary_added"]
    told = decode(*[(r.type, r.state) for r in three.store.of_stream(f"company/{ACME}")][2]).data
    assert isinstance(told, CompanyParentSet)
    assert told.previous_parent_id == "borealis"
    assert refusal(three, adopted("corvus", "borealis")) == "own-parent"
    assert refusal(three, adopted("corvus", "nobody")) == "unknown-company"


def test_a_person_turns_out_to_be_another_who_is_known(three: Desk) -> None:
    three.record([introduced("jan"), introduced("j-peeters"), affiliated("jan")])

    assert refusal(three, same("j-peeters", "nobody")) == "unknown-contact"
    (merge,) = three.record([same("j-peeters", "jan")])
    assert refusal(three, same("jan", "j-peeters")) == "merged-into-itself"

    three.record([opened("T-7", None, requester_id="j-peeters")])
    three.record([different("j-peeters", merge), opened("T-8", None, requester_id="j-peeters")])

    assert three.store.company_of("ticket/T-7") == ACME
    assert three.store.company_of("ticket/T-8") == "person:j-peeters"


def test_part_of_a_ticket_becomes_one_of_its_own(three: Desk, keyring: Keyring) -> None:
    sound, more = three.record([wrote("T-1"), wrote("T-1")])

    (receipt,) = three.record([split("T-1", "T-5", sound, more, subject="Sound lags")])

    assert receipt.last_position == (receipt.position or 0) + 2
    assert types(three, "ticket/T-5") == ["ticket.opened", "ticket.linked"]
    first = three.store.of_stream("ticket/T-5")[0]
    opening = unseal(decode(first.type, first.state), keyring).data
    assert isinstance(opening, TicketOpened)
    assert (opening.subject, opening.description, first.company_id) == ("Sound lags", None, ACME)
    assert types(three, "ticket/T-1").count("ticket.customer_message_received") == 2


def test_a_split_names_a_new_ticket_and_events_of_the_old_one(three: Desk) -> None:
    elsewhere, own = three.record([wrote("T-2"), wrote("T-1")])
    (opening, *_) = three.store.of_stream("ticket/T-1")
    begin = decode(opening.type, opening.state)

    assert refusal(three, split("T-1", "T-2", own)) == "already-opened"
    assert refusal(three, split("T-1", "T-5", elsewhere)) == "unknown-event"
    assert refusal(three, split("T-1", "T-5~2", own)) == "invalid-report"
    first = split("T-1", "T-5").event.model_copy(update={"moved_event_ids": (begin.event_id,)})
    told = happened(type(first), "ticket/T-1", **dict(first))
    assert refusal(three, told) == "unknown-event"
    assert refusal(three, split("T-1", "T-5", own), split("T-1", "T-6", own)) == "already-moved"


def test_what_is_owed_is_ended_where_it_went(three: Desk) -> None:
    (patch, *_) = three.record([
        promised("T-1", commitment_id="patch"), promised("T-1", commitment_id="call"),
    ])  # fmt: skip
    three.record([split("T-1", "T-5", patch)])

    assert refusal(three, kept("T-1", commitment_id="patch")) == "unknown-commitment"
    done = three.record([kept("T-5", commitment_id="patch"), kept("T-1", commitment_id="call")])
    assert statuses(done) == ["accepted", "accepted"]
    three.record([moved("T-1", "borealis")])
    assert refusal(three, kept("T-1", commitment_id="patch")) == "unknown-commitment"


def test_how_a_ticket_stands_to_others_stays_with_it(three: Desk) -> None:
    (merge,) = three.record([merged("T-1", "T-2")])

    assert refusal(three, split("T-1", "T-5", merge)) == "invalid-report"


def test_of_two_who_merge_the_same_companies_at_once_one_is_refused(
    three: Desk, open_desk: OpenDesk
) -> None:
    desks = [three, *(open_desk() for _ in range(3))]
    pairs = [(ACME, "borealis"), ("borealis", ACME)] * 2

    def run(number: int) -> str:
        (status,) = statuses(desks[number].record([united(*pairs[number])]))
        desks[number].store.close()
        return status

    with ThreadPoolExecutor(4) as threads:
        told = sorted(threads.map(run, range(4)))

    assert told.count("accepted") == 1
    assert set(told) <= {"accepted", "already-merged", "merged-into-itself"}
    for company in (ACME, "borealis"):
        assert types(three, f"company/{company}").count("company.merged") == 1
