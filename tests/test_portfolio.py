"""The portfolio: which revenue is exposed, by which rule, as of any instant; each company once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from services.portfolio import Part
from services.receipts import Receipt
from services.security import Denied
from services.wire import Report
from services.witness import Asked
from tests import witnesses
from tests.reports import (
    ACME,
    TICKET,
    calmed,
    classified,
    escalated,
    merged,
    moved,
    noted,
    opened,
    parted,
    registered,
    renewing,
    replied,
    resolved,
    united,
    valued,
)
from tests.witnesses import Told

told = witnesses.told

NOW: Final = datetime.now(UTC).replace(microsecond=0)
TODAY: Final = NOW.date()


def ago(**by: float) -> datetime:
    return NOW - timedelta(**by)


def worth(company: str = ACME, arr: int | None = 480_000, **known: Any) -> Report:
    amount = None if arr is None else Decimal(arr)
    since = known.pop("valid_from", TODAY - timedelta(days=300))
    return valued(company, arr=amount, valid_from=since, **{"at": ago(days=300), **known})


def burning(ticket: str = TICKET, company: str = ACME, **known: Any) -> Report:
    return opened(ticket, company, **{"severity": 1, "at": ago(days=2), **known})


def recorded(told: Told, *reports: Report) -> list[Receipt]:
    receipts = told.deployment.desk.record(reports)
    assert {receipt.status for receipt in receipts} == {"accepted"}, receipts
    told.deployment.catch_up()
    return receipts


def exposed(found: dict[str, Any]) -> dict[str, str]:
    """Read what is exposed, by currency."""
    return {one["currency"]: one["arr"] for one in found["exposed"]["sums"]}


def row_of(found: dict[str, Any], company: str = ACME) -> dict[str, Any]:
    (row,) = (row for row in found["companies"] if row["company_id"] == company)
    return row  # type: ignore[no-any-return]


def reasons(found: dict[str, Any], company: str = ACME) -> list[tuple[str, str]]:
    return [(reason["rule"], reason["id"]) for reason in row_of(found, company)["because"]]


def test_a07_an_open_sev_1_exposes_what_the_company_is_worth_until_it_is_resolved(
    told: Told,
) -> None:
    stated, renewal, opening = told.tell(
        worth(ltv=Decimal(2_100_000)),
        renewing(contract_id="C-1", renews_on=TODAY + timedelta(days=41), at=ago(days=290)),
        burning(),
    )
    told.tell(burning("T-2", at=ago(days=1)), registered("quiet"), worth("quiet", 70_000))

    before, dated = told.by().portfolio(), row_of(told.by().portfolio(as_of=NOW))
    told.tell(resolved(at=ago(hours=2)), resolved("T-2", at=ago(hours=1)))
    after, then = told.by().portfolio(), told.by().portfolio(as_of=ago(hours=3))

    row = row_of(before)
    assert exposed(before) == {"EUR": "480000"}  # once, for two tickets
    assert (row["ltv"], row["renewal"]["contract_id"]) == ({"EUR": "2100000"}, "C-1")
    assert dated["renewal"]["days"] == 41
    assert reasons(before) == [("severe_ticket", TICKET), ("severe_ticket", "T-2")]
    assert row["because"][0]["event_ids"] == [str(told.event_at(opening))]
    assert row["renewal"]["event_id"] == str(told.event_at(renewal))
    assert row["values"][0]["event_id"] == str(told.event_at(stated))
    assert before["exposed"]["sums"][0]["renewal"]["within_90_days"] == {
        "arr": "480000", "companies": 1,
    }  # fmt: skip
    assert (exposed(after), row_of(after)["exposed"], row_of(after)["open_tickets"]) == (
        {}, False, 0,
    )  # fmt: skip
    assert exposed(then) == {"EUR": "480000"}
    assert row_of(then)["because"] == row["because"]


def test_a07_as_known_before_it_was_resolved_it_is_exposed(told: Told) -> None:
    told.tell(worth(), burning())
    known_at = told.deployment.log.head()
    told.tell(resolved(at=ago(hours=2)))

    assert exposed(told.by().portfolio(known_at=known_at)) == {"EUR": "480000"}
    assert exposed(told.by().portfolio(as_of=NOW, known_at=known_at)) == {"EUR": "480000"}
    assert exposed(told.by().portfolio(as_of=NOW)) == {}


@pytest.mark.parametrize("as_of", [None, NOW])
def test_a34_what_was_valid_on_the_day_counts_with_its_origin(
    told: Told, as_of: datetime | None
) -> None:
    told.tell(
        worth(arr=300_000, valid_from=date(2020, 1, 1), origin="crm"),
        worth(arr=480_000, valid_from=TODAY - timedelta(days=30), origin="billing"),
        worth(arr=900_000, valid_from=TODAY + timedelta(days=30), origin="crm"),
        burning(),
        registered("unknown", at=ago(days=9)),
        burning("T-9", "unknown"),
    )

    found = told.by().portfolio(as_of=as_of)
    earlier = told.by().portfolio(as_of=ago(days=60))

    assert exposed(found) == {"EUR": "480000"}
    assert row_of(found)["values"][0]["origin"] == "billing"
    assert row_of(earlier)["values"][0]["origin"] == "crm"
    assert (row_of(earlier)["arr"], row_of(earlier)["exposed"]) == ({"EUR": "300000"}, False)
    assert row_of(found, "unknown")["arr"] is None
    assert found["exposed"]["not_known"] == {"companies": 1, "company_ids": ["unknown"]}
    assert found["exposed"]["companies"] == 2


def test_sums_are_by_currency_and_by_how_near_the_renewal_is(told: Told) -> None:
    days: dict[str, int | None] = {"a": 90, "b": 91, "c": None, "d": -5, "e": 0}
    for company, away in days.items():
        told.tell(
            registered(company), worth(company, 100, currency="USD" if company == "e" else "EUR"),
            burning(f"T-{company}", company),
        )  # fmt: skip
        if away is not None:
            told.tell(renewing(company, renews_on=TODAY + timedelta(days=away), at=ago(days=99)))

    sums = told.by().portfolio(as_of=NOW)["exposed"]["sums"]

    assert [(s["currency"], s["arr"], s["companies"]) for s in sums] == [
        ("EUR", "400", 4), ("USD", "100", 1),
    ]  # fmt: skip
    parts = [{part: told["companies"] for part, told in s["renewal"].items()} for s in sums]
    assert parts == [
        {"within_90_days": 1, "later": 1, "not_known": 2},
        {"within_90_days": 1, "later": 0, "not_known": 0},
    ]


def test_an_open_escalation_exposes_and_one_that_is_over_does_not(told: Told) -> None:
    told.tell(worth(), escalated(escalation_id="X-1", at=ago(days=3)))
    before = told.by().portfolio()
    told.tell(calmed(escalation_id="X-1", at=ago(days=1)))
    after = told.by().portfolio()

    assert (reasons(before), row_of(before)["open_escalations"]) == (
        [("open_escalation", "X-1")],
        1,
    )
    assert (reasons(after), exposed(after)) == ([], {})
    assert reasons(told.by().portfolio(as_of=ago(days=2))) == [("open_escalation", "X-1")]


def test_a_ticket_counts_from_when_it_became_severe_until_it_is_no_more(told: Told) -> None:
    told.tell(worth(), burning(severity=3, at=ago(days=9)))
    assert reasons(told.by().portfolio()) == []

    told.tell(classified(severity=2, at=ago(days=8)))
    (reason,) = row_of(told.by().portfolio())["because"]
    told.tell(noted(at=ago(days=7)), classified(severity=4, at=ago(days=6)))

    assert (reason["severity"], len(reason["event_ids"])) == (2, 2)
    assert reasons(told.by().portfolio()) == []
    assert reasons(told.by().portfolio(as_of=ago(days=7))) == [("severe_ticket", TICKET)]


def test_what_came_late_is_in_its_place(told: Told) -> None:
    told.tell(worth(), burning(at=ago(days=9)), noted(at=ago(days=1)))
    known_at = told.deployment.log.head()
    told.tell(resolved(at=ago(days=5)))

    assert exposed(told.by().portfolio()) == {}
    assert exposed(told.by().portfolio(as_of=ago(days=6))) == {"EUR": "480000"}
    assert exposed(told.by().portfolio(as_of=ago(days=2))) == {}
    assert exposed(told.by().portfolio(as_of=ago(days=2), known_at=known_at)) == {"EUR": "480000"}


# Merges and moves


def test_merged_records_are_one_company_whose_arr_counts_once_each(told: Told) -> None:
    told.tell(
        worth(), registered("radio"), worth("radio", 20_000, currency="EUR"),
        burning("R-1", "radio"),
    )  # fmt: skip
    apart = told.by().portfolio()
    merge, *_ = recorded(told, united(ACME, "radio", at=ago(hours=9)))
    one = told.by().portfolio()
    recorded(told, parted("radio", merge, at=ago(hours=3)))
    again = told.by().portfolio()

    assert (exposed(apart), apart["total"]) == ({"EUR": "20000"}, 2)
    assert [row["company_id"] for row in one["companies"]] == [ACME]
    assert (row_of(one)["absorbed"], row_of(one)["arr"]) == (["radio"], {"EUR": "500000"})
    assert (reasons(one), exposed(one)) == ([("severe_ticket", "R-1")], {"EUR": "500000"})
    assert [each["company_id"] for each in row_of(one)["values"]] == [ACME, "radio"]
    assert exposed(again) == exposed(apart)
    assert exposed(told.by().portfolio(as_of=ago(hours=6))) == exposed(one)


def test_a_key_bound_to_one_of_two_merged_records_sees_that_one_alone(told: Told) -> None:
    told.tell(
        worth(), registered("radio"), worth("radio", 20_000), burning("R-1", "radio"),
        united(ACME, "radio", at=ago(hours=9)),
    )  # fmt: skip

    kept, absorbed = (told.by("eve", "agent", one).portfolio() for one in (ACME, "radio"))

    assert (row_of(kept)["absorbed"], row_of(kept)["arr"]) == ([], {"EUR": "480000"})
    assert (exposed(kept), kept["total"]) == ({}, 1)
    assert (exposed(absorbed), absorbed["total"]) == ({"EUR": "20000"}, 1)


def test_a_ticket_that_moved_exposes_where_it_is(told: Told) -> None:
    told.tell(worth(), registered("borealis"), worth("borealis", 7), burning())
    told.tell(moved(at=ago(hours=5)))

    found = told.by().portfolio()

    assert (reasons(found), [rule for rule, _ in reasons(found, "borealis")]) == (
        [], ["severe_ticket"],
    )  # fmt: skip
    assert exposed(told.by().portfolio(as_of=ago(hours=6))) == {"EUR": "480000"}


def test_a_ticket_that_goes_on_in_another_counts_as_that_one(told: Told) -> None:
    told.tell(worth(), burning(), opened("T-2", severity=3, at=ago(days=1)))
    told.tell(merged(TICKET, "T-2", at=ago(hours=5)))

    found = told.by().portfolio()

    assert (reasons(found), row_of(found)["open_tickets"]) == ([], 1)


# Who may see what, and how much of it


def test_a_key_bound_to_companies_sees_those_alone_and_a_customer_nothing(told: Told) -> None:
    told.tell(worth(), registered("other"), worth("other", 7), burning("O-1", "other"))

    bound = told.by("eve", "agent", ACME).portfolio()

    assert ([row["company_id"] for row in bound["companies"]], exposed(bound)) == ([ACME], {})
    with pytest.raises(Denied):
        told.customer().portfolio()


@pytest.mark.parametrize("as_of", [None, ago(hours=1)])
def test_a_worth_that_is_restricted_is_in_the_sums_of_those_who_may_read_it(
    told: Told, as_of: datetime | None
) -> None:
    told.tell(worth(visibility="restricted"), burning(), noted(at=ago(minutes=9)))

    agent, auditor = (told.by("eve", role).portfolio(as_of=as_of) for role in ("agent", "auditor"))

    assert (exposed(auditor), exposed(agent)) == ({"EUR": "480000"}, {})
    assert agent["exposed"]["not_known"]["company_ids"] == [ACME]


def test_exposed_ones_come_first_and_then_the_ones_worth_most(told: Told) -> None:
    for company, arr in (("a", 5), ("b", None), ("c", 100), ("d", 900), ("e", 7)):
        told.tell(registered(company), worth(company, arr))
    told.tell(*(burning(f"T-{one}", one) for one in "abc"))

    found = told.by().portfolio(Part(limit=4))
    rest = told.by().portfolio(Part(offset=4, limit=4))
    burns = told.by().portfolio(Part(exposed=True))

    order = [row["company_id"] for row in (*found["companies"], *rest["companies"])]
    assert order == ["c", "a", "b", "d", "e", ACME]
    assert (found["total"], burns["total"], exposed(rest)) == (6, 3, exposed(found))
    assert [row["company_id"] for row in burns["companies"]] == ["c", "a", "b"]


def test_before_anything_happened_there_was_no_company(told: Told) -> None:
    told.tell(worth(), burning())

    assert told.by().portfolio(as_of=ago(days=4_000))["companies"] == []


def test_what_belongs_to_no_known_company_has_no_row(told: Told) -> None:
    told.tell(opened("U-1", None, severity=1, requester_id=None, at=ago(days=1)))

    found = told.by().portfolio()

    assert (found["exposed"]["companies"], [r["company_id"] for r in found["companies"]]) == (
        0, [ACME],
    )  # fmt: skip


def test_that_a_company_was_looked_at_is_on_record_and_opened_no_ticket(told: Told) -> None:
    told.tell(burning())

    told.by("mia").portfolio()
    (reply,) = told.tell(replied(actor="agent/mia", at=ago(hours=1)))

    knew = told.by().who_knew(TICKET, Asked(told.event_at(reply)))
    assert [entry["opened"] for entry in knew["entries"]] == [None]
    audit = [row.state for row in told.deployment.log.after(0, 1_000) if "reads/" in row.stream_id]
    assert len(audit) == 2  # and what was asked of the reply
    assert b'"purpose":"portfolio"' in audit[0]
    assert b'"viewed_company_id":"acme"' in audit[0]
