"""Records before the desk: in order, in few commits, and a bad one harms no other."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.desk import Desk
from services.inbox.taking import Taking
from services.receipts import Receipt, Unavailable
from services.wire import LIMIT, Report
from tests.inboxes import batch, beginning, binary, event, message, structured
from tests.reports import statuses


def told(receipts: Sequence[Sequence[Receipt]]) -> list[list[str]]:
    return [statuses([*each]) for each in receipts]


def test_a_page_is_one_commit_in_order(desk: Desk) -> None:
    taking = Taking(desk)

    receipts = taking.take([structured(e) for e in [*beginning(), event(), event()]])

    assert told(receipts) == [["accepted"]] * 6
    assert taking.commits == 1
    positions = [receipt.position or 0 for (receipt,) in receipts]
    assert positions == sorted(positions)


def test_each_event_of_a_batch_has_its_receipt(desk: Desk) -> None:
    known = event()
    sent = batch(known, event(subject="ticket/T-9"), event(id=None), event(), known)

    receipts = Taking(desk).take([*map(structured, beginning()), sent, structured(known)])

    expected = ["accepted", "not-opened", "invalid-report", "accepted", "duplicate"]
    assert told(receipts)[4:] == [expected, ["duplicate"]]


def test_the_bad_ones_of_a_page_harm_no_other(desk: Desk) -> None:
    bad = [
        message(b"{"), message(None), binary(event(type="ticket.exploded")),
        structured(event(company="other")), structured(event(expectedversion=7)),
        structured(event(data={"contact_id": "jan", "body": "\x00"})),
        structured(event(data={"contact_id": "jan", "body": "x" * LIMIT})),
    ]  # fmt: skip
    page = [*map(structured, beginning())]
    for each in bad:
        page += [structured(event()), each]

    codes = told(Taking(desk).take(page))

    assert codes[4::2] == [["accepted"]] * len(bad)
    assert [code for (code,) in codes[5::2]] == [
        "invalid-report", "invalid-report", "unknown-type", "other-company", "wrong-version",
        "invalid-report", "too-large",
    ]  # fmt: skip


def test_a_person_may_be_named_by_what_an_earlier_record_said(desk: Desk) -> None:
    *others, opened = beginning()
    mia = event(
        type="contact.registered", subject="contact/mia", visibility=None,
        data={"name": "Mia", "emails": ["mia@acme.com"]},
    )  # fmt: skip
    wrote = event(data={"contact_id": "mail=mia@acme.com", "body": "Hello"})

    receipts = Taking(desk).take([structured(e) for e in [*others, opened, mia, wrote]])

    assert told(receipts) == [["accepted"]] * 6


def test_what_the_desk_stumbles_over_is_refused_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = desk.record

    def stumbles(reports: Sequence[Report], **known: Any) -> list[Receipt]:
        if any(report.source.external_id == "stone" for report in reports):
            raise KeyError("a defect")
        return record(reports, **known)

    monkeypatch.setattr(desk, "record", stumbles)
    sent = [*beginning(), event(), event(id="stone"), event()]

    codes = told(Taking(desk).take([*map(structured, sent)]))

    assert codes == [["accepted"]] * 5 + [["undecidable"], ["accepted"]]


def test_a_store_that_is_away_refuses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> list[Receipt]:
        raise Unavailable("not now")

    page = [structured(e) for e in [*beginning(), event()]]
    taking = Taking(desk)
    with monkeypatch.context() as patched:
        patched.setattr(desk, "record", away)
        with pytest.raises(Unavailable):
            taking.take(page)

    assert told(taking.take(page)) == [["accepted"]] * 5
