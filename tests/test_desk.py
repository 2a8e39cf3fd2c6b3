"""The desk takes each report once, decides it by the rules, and says what became of it."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from domain.errors import UnknownType
from services.desk import BATCH, Desk
from services.wire import LIMIT, read_cloud_event
from tests.conftest import Clock, OpenDesk
from tests.reports import (
    ACME,
    TICKET,
    at,
    classified,
    introduced,
    noted,
    opened,
    registered,
    replied,
    resolved,
    statuses,
    surveyed,
    wrote,
)


@pytest.fixture
def at_acme(desk: Desk) -> Desk:
    """A desk that knows Acme and its ticket."""
    assert statuses(desk.record([registered(), opened()])) == ["accepted", "accepted"]
    return desk


def test_a_receipt_says_where_the_event_stands(at_acme: Desk) -> None:
    (receipt,) = at_acme.record([wrote()])

    row = at_acme.store.at(receipt.position or 0)
    assert row is not None
    assert (row.stream_id, row.stream_version) == (receipt.stream_id, receipt.stream_version)
    assert (receipt.stream_id, receipt.stream_version) == (f"ticket/{TICKET}", 2)
    assert receipt.last_position == receipt.position


def test_a_report_that_comes_again_answers_with_its_first_place(at_acme: Desk) -> None:
    said = wrote()
    (first,) = at_acme.record([said])

    (again,) = at_acme.record([said])

    assert again.status == "duplicate"
    assert (again.position, again.last_position) == (first.position, first.last_position)
    assert (again.stream_id, again.stream_version) == (first.stream_id, first.stream_version)
    assert at_acme.store.head() == first.position


def test_a_report_is_a_duplicate_after_a_restart_too(at_acme: Desk, open_desk: OpenDesk) -> None:
    said = wrote()
    (first,) = at_acme.record([said])

    (again,) = open_desk().record([said])

    assert (again.status, again.position) == ("duplicate", first.position)


def test_the_opening_of_a_ticket_comes_again_as_a_duplicate_not_as_a_refusal(desk: Desk) -> None:
    opening = opened()
    desk.record([registered(), opening])

    assert statuses(desk.record([opening])) == ["duplicate"]


def test_the_same_id_with_other_content_is_refused(at_acme: Desk) -> None:
    at_acme.record([wrote(external_id="mail-1", body="It drops frames.")])

    (other,) = at_acme.record([wrote(external_id="mail-1", body="It does not start.")])

    assert other.code == "content-differs"
    assert "mail-1" in (other.reason or "")


def test_the_same_id_of_another_system_is_another_report(at_acme: Desk) -> None:
    receipts = at_acme.record([wrote(external_id="1"), wrote(external_id="1", system="mail")])

    assert statuses(receipts) == ["accepted", "accepted"]


def test_a_report_that_was_refused_may_come_again_and_be_taken(desk: Desk) -> None:
    early = opened()
    assert statuses(desk.record([early])) == ["unknown-company"]
    desk.record([registered()])

    assert statuses(desk.record([early])) == ["accepted"]


def test_a_report_twice_in_one_batch_is_recorded_once(at_acme: Desk) -> None:
    said = wrote()

    first, second, other = at_acme.record([said, said, replace(said, actor="agent/mia")])

    assert statuses([first, second, other]) == ["accepted", "duplicate", "content-differs"]
    assert second.position == first.position
    assert at_acme.store.head() == first.position


def test_a_batch_is_decided_against_its_own_result(desk: Desk) -> None:
    receipts = desk.record([wrote(), registered(), opened(), wrote(), opened(), resolved()])

    assert statuses(receipts) == [
        "not-opened", "accepted", "accepted", "accepted", "already-opened", "accepted",
    ]  # fmt: skip
    accepted = [r.position or 0 for r in receipts if r.status == "accepted"]
    assert all(second == first + 1 for first, second in pairwise(accepted))
    assert len({row.committed_at for row in desk.store.after(0)}) == 1


def test_an_atomic_batch_with_a_refused_report_leaves_nothing(desk: Desk) -> None:
    batch = [registered(), opened(), opened()]

    refused = desk.record(batch, atomic=True)

    assert statuses(refused) == ["not-alone", "not-alone", "already-opened"]
    assert [r.stream_id for r in refused] == [report.stream_id for report in batch]
    assert desk.store.head() == 0
    assert statuses(desk.record(batch[:2], atomic=True)) == ["accepted", "accepted"]


def test_an_atomic_batch_may_hold_what_came_before(at_acme: Desk) -> None:
    said = wrote()
    at_acme.record([said])

    assert statuses(at_acme.record([said, replied()], atomic=True)) == ["duplicate", "accepted"]


def test_no_more_than_a_thousand_reports_are_taken_at_once(desk: Desk) -> None:
    with pytest.raises(ValueError, match="1001 reports"):
        desk.record([registered()] * (BATCH + 1))


def test_a_wrong_expected_version_is_refused_with_the_current_one(at_acme: Desk) -> None:
    (late,) = at_acme.record([wrote(expected_version=0)])
    (fit,) = at_acme.record([wrote(expected_version=1)])

    assert (late.code, late.current_version) == ("wrong-version", 1)
    assert (fit.status, fit.stream_version) == ("accepted", 2)


def test_an_expected_version_is_compared_with_what_others_recorded_meanwhile(
    at_acme: Desk, open_desk: OpenDesk
) -> None:
    other = open_desk()
    other.record([wrote()])
    at_acme.record([wrote()])

    (old,) = other.record([wrote(expected_version=2)])
    (new,) = other.record([wrote(expected_version=3)])

    assert (old.code, old.current_version) == ("wrong-version", 3)
    assert new.status == "accepted"


def test_a_refusal_is_never_due_to_what_a_desk_remembers_alone(
    at_acme: Desk, open_desk: OpenDesk
) -> None:
    other = open_desk()
    other.record([wrote("TCK-2")])  # refused, and remembered as not opened
    at_acme.record([opened("TCK-2")])

    assert statuses(other.record([wrote("TCK-2")])) == ["accepted"]


def test_a_repeat_with_an_expected_version_is_a_duplicate(at_acme: Desk) -> None:
    said = wrote(expected_version=1)
    at_acme.record([said])

    assert statuses(at_acme.record([said])) == ["duplicate"]


def test_an_event_that_is_too_large_is_refused_alone(at_acme: Desk) -> None:
    receipts = at_acme.record([wrote(), noted(note="x" * LIMIT), replied()])

    assert statuses(receipts) == ["accepted", "too-large", "accepted"]
    assert at_acme.store.head() == receipts[2].position


def test_the_largest_event_fits_sealed(at_acme: Desk) -> None:
    (large,) = at_acme.record([noted(note="x" * (LIMIT * 3 // 4 - 1_000))])

    assert large.status == "accepted"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stream_id", "survey/TCK-1182"),
        ("stream_id", "ticket/a b"),
        ("stream_id", "ticket/" + "x" * 129),
        ("actor", "mia"),
        ("company", "a\x00b"),
        ("company", "mail=\ud800"),
        ("correlation_id", "\x00"),
    ],
)
def test_what_no_store_can_keep_is_refused_alone(at_acme: Desk, name: str, value: str) -> None:
    changed: dict[str, Any] = {name: value}
    odd = replace(classified(), **changed)

    assert statuses(at_acme.record([wrote(), odd, wrote()]))[::2] == ["accepted", "accepted"]
    assert at_acme.record([odd])[0].status == "refused"


def test_a_text_with_the_character_nul_is_refused_but_one_about_it_is_not(at_acme: Desk) -> None:
    receipts = at_acme.record([noted(note="a\x00b"), noted(note="the escape \\u0000")])

    assert statuses(receipts) == ["invalid-report", "accepted"]


def test_the_name_of_a_report_may_be_as_long_as_an_index_takes(at_acme: Desk) -> None:
    long = at_acme.record([wrote(external_id="\U0001f99c" * 499), wrote(external_id="🦜" * 500)])

    assert statuses(long) == ["accepted", "invalid-report"]


def test_a_company_must_be_registered_before_it_is_named(at_acme: Desk) -> None:
    receipts = at_acme.record([opened("TCK-2", company="borealis"), registered("borealis")])

    assert statuses(receipts) == ["unknown-company", "accepted"]


def test_a_ticket_belongs_to_its_company_for_ever(at_acme: Desk) -> None:
    receipts = at_acme.record([registered("borealis"), wrote(company="borealis")])

    assert statuses(receipts)[1] == "other-company"


def test_what_names_no_company_goes_to_the_unassigned_ones(at_acme: Desk) -> None:
    at_acme.record([opened("TCK-2", company=None), surveyed(company="domain=nobody.example")])

    assert [row.company_id for row in at_acme.store.after(2)] == ["unassigned", "unassigned"]


def test_a_contact_belongs_to_no_company(at_acme: Desk) -> None:
    (receipt,) = at_acme.record([introduced()])

    row = at_acme.store.at(receipt.position or 0)
    assert row is not None
    assert (row.company_id, row.company_seq, row.public_seq) == (None, None, None)


def test_the_library_may_not_change_the_bytes(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPRESSOR_TOPIC", "zlib")

    with pytest.raises(ValueError, match="COMPRESSOR_TOPIC"):
        open_desk()


def test_a43_services_publish_ticket_events(at_acme: Desk, clock: Clock) -> None:
    said = wrote(at=at("10:00", day=4), external_id="mail-7")
    newest = replied(at=at("12:00", day=4))

    three_times = [receipt for _ in range(3) for receipt in at_acme.record([said])]
    (wrong,) = at_acme.record([replace(newest, expected_version=7)])
    at_acme.record([newest])
    (old,) = at_acme.record([noted(at=at("11:00", day=4))])
    with pytest.raises(UnknownType, match=r"ticket\.exploded"):
        read_cloud_event(
            b'{"type":"ticket.exploded","source":"crm","id":"1","subject":"ticket/1",'
            b'"time":"2026-11-04T10:00:00Z"}'
        )

    assert statuses(three_times) == ["accepted", "duplicate", "duplicate"]
    assert (wrong.code, wrong.current_version) == ("wrong-version", 2)
    rows = at_acme.store.of_company(ACME)
    assert [(row.type, bool(row.late)) for row in rows[2:]] == [
        ("ticket.customer_message_received", False),
        ("ticket.agent_replied", False),
        ("ticket.internal_note_added", True),
    ]
    assert rows[-1].position == old.position
