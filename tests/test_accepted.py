"""Acceptance scenarios of a company as a whole, from the report to the card, on both databases."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from domain.events import account as a
from domain.events import assets as e
from domain.events import company as c
from domain.values import micros
from projections.briefing import Card
from projections.timeline_filter import Filter
from services.wire import Report
from tests.reports import (
    ACME,
    JAN,
    adopted,
    affiliated,
    at,
    happened,
    installed,
    introduced,
    learned,
    left,
    opened,
    promised,
    registered,
    resolved,
    talked,
)
from tests.witnesses import Told, told

__all__ = ["told"]


def card_of(told: Told, **asked: Any) -> Card:
    return told.by().briefing(ACME, **asked).card


def seats(before: int, after: int, when: datetime) -> Report:
    return happened(c.LicencesChanged, f"company/{ACME}", product_id="playout",
                    seats_before=before, seats_after=after, at=when)  # fmt: skip


def test_a08_what_the_sale_told_twice_is_on_the_card_once(told: Told) -> None:
    sent = [
        *(happened(c.PurchaseRecorded, f"company/{ACME}", contract_id=f"C-{n}",
                   external_id=f"sale-{n}", at=at("09:00", day=n)) for n in (1, 2, 3)),
        learned(fact_key="os_version", value="Debian 12", learned_from=None,
                external_id="fact-1", at=at("10:00", day=3)),
    ]  # fmt: skip
    told.tell(*sent)

    again = told.deployment.desk.record(sent)
    told.deployment.catch_up()

    assert {receipt.status for receipt in again} == {"duplicate"}
    behind = card_of(told).sections
    assert [(p["at"][:10], p["source"]) for p in behind["purchases"]] == [
        ("2026-11-01", "crm"), ("2026-11-02", "crm"), ("2026-11-03", "crm"),
    ]  # fmt: skip
    (fact,) = behind["facts"]
    assert (fact["value"], fact["learned_from"], fact["at"][:10]) == (
        "Debian 12", "crm", "2026-11-03",
    )  # fmt: skip


def test_a18_a_query_without_words_has_all_kinds_too_and_a_hit_is_found_in_its_place(
    told: Told,
) -> None:
    told.tell(
        opened(subject="The codec fails", at=at("09:00")),
        *(talked(f"touch-{n}", kind=kind, summary="Weather", company=ACME, at=at(f"10:0{n}"))
          for n, kind in enumerate(("call", "meeting", "email", "chat"))),
        happened(c.PurchaseRecorded, f"company/{ACME}", at=at("11:00")),
    )  # fmt: skip
    (hit,) = told.tell(resolved(root_cause="The codec leaked", at=at("10:02")))

    page = told.by().timeline(ACME, Filter(since=micros(at("09:00")))).page
    entries = [orjson.loads(entry) for entry in page.entries]
    found = [orjson.loads(entry) for entry in
             told.by().timeline(ACME, Filter(search="leaked")).page.entries]  # fmt: skip

    assert {e["type"].split(".")[0] for e in entries if e["occurred_at"] >= "2026-11-02T09"} == {
        "ticket", "interaction", "company",
    }  # fmt: skip
    assert [entry["position"] for entry in found] == [hit]
    place = [entry["position"] for entry in entries].index(hit)
    assert entries[place - 1]["occurred_at"] <= found[0]["occurred_at"]
    assert entries[place + 1]["occurred_at"] > found[0]["occurred_at"]


def test_a22_the_card_has_the_version_and_the_seats_of_the_day(told: Told) -> None:
    told.tell(
        installed(version="7.1", at=at("09:00", day=1, month=2)),
        seats(1, 200, at("09:00", day=1, month=2)),
        happened(e.InstallationUpgraded, f"company/{ACME}", from_version="7.1", to_version="7.2",
                 at=at("09:00", day=3, month=3)),
        seats(200, 1200, at("09:00", day=3, month=3)),
    )  # fmt: skip

    cards = [card_of(told, as_of=at("12:00", day=day, month=3)) for day in (2, 4)]

    assert [card.sections["products"][0]["version"] for card in cards] == ["7.1", "7.2"]
    assert [card.sections["licences"][0]["seats"] for card in cards] == [200, 1200]
    assert [card.lines[1].text.rsplit(" · ", 1)[1] for card in cards] == [
        "200 seats",
        "1,200 seats",
    ]


def test_a24_the_card_has_open_tickets_by_severity_and_age_and_the_last_five_resolved(
    told: Told,
) -> None:
    for n in range(14):
        name, day = f"T-{n:02}", at("09:00", day=n + 1, month=10)
        told.tell(opened(name, severity=3 - n % 3, subject=f"No. {n}", at=day))
        if n < 8:
            told.tell(resolved(name, root_cause=f"cause {n}", at=day + timedelta(hours=1)))

    behind = card_of(told).sections

    assert [(t["severity"], t["ticket_id"]) for t in behind["open_tickets"]] == [
        (1, "T-08"), (1, "T-11"), (2, "T-10"), (2, "T-13"), (3, "T-09"), (3, "T-12"),
    ]  # fmt: skip
    assert behind["open_count"] == 6
    assert [(t["ticket_id"], t["root_cause"]) for t in behind["resolved_tickets"]] == [
        (f"T-0{n}", f"cause {n}") for n in (7, 6, 5, 4, 3)
    ]


def test_a35_roles_are_covered_or_missing_with_and_without_the_subsidiaries(told: Told) -> None:
    told.tell(
        registered("child"), registered("grandchild"), introduced("ana"),
        affiliated(JAN, ACME, role="decision_maker"), affiliated("ana", "child", role="champion"),
        adopted("child", ACME), adopted("grandchild", "child"),
        opened("P-1"), opened("C-1", company="child"), opened("G-1", company="grandchild"),
    )  # fmt: skip
    reading = told.by()

    alone = card_of(told).sections["roles"]
    whole = reading.together(reading.dossier(ACME))

    assert alone["covered"] == {"decision_maker": [JAN]}
    assert alone["missing"] == ["champion", "admin", "end_user", "exec_sponsor"]
    assert whole["roles"]["covered"] == {"decision_maker": [JAN], "champion": ["ana"]}
    assert whole["roles"]["missing"] == ["admin", "end_user", "exec_sponsor"]
    assert whole["companies"] == [ACME, "child", "grandchild"]
    assert sorted(whole["open_tickets"]) == ["C-1", "G-1", "P-1"]
    assert sorted(t["ticket_id"] for t in reading.tickets(ACME)) == ["P-1"]
    assert sorted(t["ticket_id"] for t in reading.tickets(ACME, roll_up=True)) == [
        "C-1", "G-1", "P-1",
    ]  # fmt: skip


def on(year: int, month: int = 1) -> datetime:
    return at("09:00", day=1, month=month, year=year)


def test_a37_six_years_of_a_relation_between_two_of_them_and_as_of_one(told: Told) -> None:
    told.tell(
        registered("borealis", at=on(2020)),
        affiliated(JAN, ACME, valid_from=None, at=on(2020)),
        opened("T-1", at=on(2021, 3)),
        happened(a.CompanyLifecycleChanged, f"company/{ACME}", at=on(2021, 5)),
        left(JAN, ACME, valid_to=None, at=on(2022, 6)),
        affiliated(JAN, "borealis", valid_from=None, at=on(2022, 7)),
        resolved("T-1", at=on(2022, 7)),
        opened("T-2", requester_id=None, at=on(2022, 8)),
        promised("T-2", at=on(2022, 9), to_contact_id=None),
        installed(at=on(2022, 10)),
        happened(c.CompanyValueStated, f"company/{ACME}", arr=Decimal(480_000),
                 valid_from=on(2023).date(), at=on(2023)),
        opened("T-9", company="borealis", at=on(2023, 2)),
        opened("T-3", requester_id=None, at=on(2025)),
    )  # fmt: skip

    found = told.by().company_diff(ACME, on(2022), on(2024))
    page = told.by().timeline(ACME, Filter(as_of=micros(on(2022)))).page

    words = "\n".join(found.words)
    for part in ("Opened: T-2", "Resolved: T-1", "left on 2022-06-01", "Installed: playout-server",
                 "ARR EUR 480000", 'Promise "Patch for the codec": open'):  # fmt: skip
        assert part in words
    assert "T-3" not in words
    assert "T-9" not in words
    entries = [orjson.loads(entry) for entry in page.entries]
    assert [entry["ticket_id"] for entry in entries if entry["ticket_id"]] == ["T-1"]
    of_jan = {t["ticket_id"]: t["requester_id"] for t in told.by().tickets(ACME)}
    assert of_jan["T-1"] == JAN
    assert [t["ticket_id"] for t in told.by().tickets("borealis")] == ["T-9"]
