"""A company's dossier: what is on file, as it stands and as it stood, for those who may read it."""

from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from domain.events import company as c
from domain.events.account import (
    AccountTeamMemberAssigned,
    AccountTeamMemberUnassigned,
    CompanyEscalationAccepted,
    CompanyLifecycleChanged,
    CompanyProfileChanged,
    ProfileChange,
)
from domain.events.assets import (
    EntitlementAmended,
    EntitlementExpired,
    InstallationUpgraded,
    SupportHoursUsed,
)
from domain.events.duties import (
    FactRequested,
)
from domain.events.interaction import Participant
from projections import dossier
from projections.changes import apply, changes
from projections.database import Database
from projections.dossier.differences import in_words
from projections.dossier.union import relations_of
from projections.dossier.view import context_of, worth_at
from projections.redaction import RESTRICTED
from tests.dossiers import AGENT, Kept, kept
from tests.events import (
    ACME,
    ANA,
    JAN,
    MIA,
    MONDAY,
    TICKET,
    TOM,
    agent_replied,
    at,
    company_registered,
    on_company,
    on_ticket,
    opened,
    promised,
    purchased,
    resolved,
    talked,
)

__all__ = ["kept"]


def met(agent: str, number: int, **known: Any) -> Any:
    people = (Participant(contact_id=JAN), Participant(user_id=agent))
    return talked(f"{agent}-{number}", actor=f"agent/{agent}", participants=people, **known)


def test_a06_what_a_company_is_worth_is_as_was_valid_on_the_day(kept: Kept) -> None:
    kept.tell(
        on_company(c.CompanyValueStated, arr=Decimal(300_000), valid_from=date(2025, 1, 1)),
        on_company(c.CompanyValueStated, arr=Decimal(480_000), valid_from=date(2026, 1, 1)),
    )

    document = kept.read()

    def worth(*day: int) -> str | None:
        stated = worth_at(document, MONDAY.replace(year=day[0], month=day[1], day=day[2]))
        return stated["arr"] if stated else None

    assert worth(2026, 2, 5) == "480000"
    assert worth(2025, 12, 20) == "300000"
    assert worth(2024, 12, 20) is None


def test_a08_what_is_known_from_the_sale_is_on_file_once_with_its_source(kept: Kept) -> None:
    kept.tell(
        *(purchased(contract_id=f"C-{n}", occurred_at=at("09:00", day=n)) for n in (1, 2, 3)),
        on_company(c.FactLearned, fact_key="os_version", value="Debian 12", learned_from="crm"),
    )

    company = kept.read()["company"]

    assert [(known["at"][:10], known["source"]) for known in company["purchases"].values()] == [
        ("2026-11-01", "tests"), ("2026-11-02", "tests"), ("2026-11-03", "tests"),
    ]  # fmt: skip
    (fact,) = company["facts"].values()
    assert (fact["value"], fact["learned_from"], fact["at"][:10]) == (
        "Debian 12", "crm", "2026-11-02",
    )  # fmt: skip


def test_a09_a_fact_that_was_on_file_is_known_to_have_been_asked_again(kept: Kept) -> None:
    kept.tell(opened(), on_ticket(FactRequested, fact_key="os_version"))
    (learned,) = kept.tell(on_company(c.FactLearned, fact_key="os_version"))
    (again,) = kept.tell(on_ticket(FactRequested, fact_key="os_version", actor="agent/tom"))

    asked = kept.read()["company"]["asked"]

    assert (asked["requests"], asked["again"]) == (2, 1)
    (told,) = asked["last"]
    assert told["event_id"] == str(again.event.event_id)
    assert (told["known_by"], told["known_at_position"]) == (str(learned.event.event_id), 3)


def test_a_fact_that_was_recorded_after_the_question_was_not_on_file(kept: Kept) -> None:
    kept.tell(opened(), on_ticket(FactRequested, fact_key="os_version", occurred_at=at("14:00")))
    kept.tell(on_company(c.FactLearned, fact_key="os_version", occurred_at=at("12:00")))

    assert kept.read()["company"]["asked"]["again"] == 0


def test_a11_who_knows_whom_is_counted_and_dated(kept: Kept) -> None:
    kept.tell(*(met(MIA, n, occurred_at=at(f"10:{n:02}")) for n in range(14)))
    kept.tell(met(TOM, 1, occurred_at=at("12:00")), agent_replied(occurred_at=at("13:00")))

    first, second = relations_of(kept.read()["company"])

    assert (first["agent"], first["contact_id"], first["touches"]) == (MIA, JAN, 15)
    assert first["last_at"] == "2026-11-02T13:00:00.000000Z"
    assert (second["agent"], second["touches"]) == (TOM, 1)


def test_a11_a_restricted_touch_is_not_shown_to_others_but_that_there_was_one(
    kept: Kept,
) -> None:
    kept.tell(met(MIA, 1, summary="He is leaving", visibility="restricted"))

    agent, auditor = kept.read(reader=AGENT)["company"], kept.read()["company"]

    assert agent["last_contact"]["text"] == RESTRICTED
    assert auditor["last_contact"]["text"] == "He is leaving"
    assert (agent["last_contact"]["staff"], agent["last_contact"]["contacts"]) == ([], [])
    assert agent["relations"] == {}
    assert auditor["relations"][MIA][JAN]["touches"] == 1


def test_a22_versions_and_seats_are_as_they_were_on_the_day(kept: Kept) -> None:
    seats = {"product_id": "playout", "seats_before": 1}
    kept.tell(
        on_company(c.ProductInstalled, version="7.1", occurred_at=at("09:00", day=1, month=2)),
        on_company(c.LicencesChanged, **seats, seats_after=200,
                   occurred_at=at("09:00", day=1, month=2)),
        on_company(InstallationUpgraded, installation_id="antwerp-1", to_version="7.2",
                   occurred_at=at("09:00", day=3, month=3)),
        on_company(c.LicencesChanged, **seats, seats_after=1200,
                   occurred_at=at("09:00", day=3, month=3)),
    )  # fmt: skip

    before, after = (kept.read(as_of=at("12:00", day=day, month=3))["company"] for day in (2, 4))

    assert [c["installations"]["antwerp-1"]["version"] for c in (before, after)] == ["7.1", "7.2"]
    assert [c["licences"]["playout"]["seats"] for c in (before, after)] == [200, 1200]
    assert [h["after"] for h in after["licences"]["playout"]["history"]] == [200, 1200]


def test_a23_a_ticket_shows_the_configuration_at_its_opening_and_what_changed_since(
    kept: Kept,
) -> None:
    def set_to(new: str, day: int) -> Any:
        change = c.ConfigurationChange(key="codec", new=new)
        moment = at("09:00", day=day, month=3)
        return on_company(c.InstallationConfigured, changes=(change,), occurred_at=moment)

    opening = at("09:00", day=10, month=3)
    kept.tell(
        on_company(c.ProductInstalled, version="7.1", occurred_at=at("08:00", day=1, month=3)),
        set_to("h264", 1),
        opened(occurred_at=opening, installation_ids=("antwerp-1",)),
        on_company(InstallationUpgraded, installation_id="antwerp-1", to_version="7.2",
                   occurred_at=at("09:00", day=11, month=3)),
        set_to("h265", 12),
    )  # fmt: skip

    document = kept.read(as_of=at("09:00", day=20, month=3))

    ticket = document["open_tickets"][TICKET]["state"]
    (shown,) = context_of(document, ticket, at("09:00", day=20, month=3))["installations"]

    assert (shown["settings"], shown["version"]) == ({"codec": "h264"}, "7.1")
    assert [(c["key"], c["at"][:10]) for c in shown["changed_since"]] == [
        ("version", "2026-03-11"), ("codec", "2026-03-12"),
    ]  # fmt: skip
    assert (
        kept.read(as_of=opening)["company"]["installations"]["antwerp-1"]["settings"]["codec"][
            "value"
        ]
        == "h264"
    )


def test_people_belong_from_a_day_to_a_day(kept: Kept) -> None:
    first, second, last = date(2026, 1, 1), date(2026, 5, 1), date(2026, 9, 30)
    kept.tell(
        on_company(c.ContactAffiliated, contact_id=ANA, role="admin", valid_from=first),
        on_company(c.ContactAffiliated, contact_id=ANA, role="champion", valid_from=second),
        on_company(c.ContactAffiliationEnded, contact_id=ANA, valid_to=last),
    )

    ties = kept.read()["company"]["people"][ANA]

    assert [(tie["role"], tie["valid_from"], tie["valid_to"]) for tie in ties] == [
        ("admin", "2026-01-01", "2026-05-01"), ("champion", "2026-05-01", "2026-09-30"),
    ]  # fmt: skip


def test_how_the_account_stands(kept: Kept) -> None:
    kept.tell(
        company_registered(),
        on_company(CompanyProfileChanged, changes=(
            ProfileChange(field="tier", old="Platinum", new="Gold"),
            ProfileChange(field="country", new="BE"),
        )),
        on_company(CompanyLifecycleChanged, to="at_risk"),
        on_company(AccountTeamMemberAssigned, user_id=TOM, role="csm"),
        on_company(AccountTeamMemberAssigned, user_id=MIA, role="tam"),
        on_company(AccountTeamMemberUnassigned, user_id=TOM, role=None),
        on_company(c.CompanyEscalationRaised),
        on_company(CompanyEscalationAccepted, escalation_id="X-9", owner_id=MIA),
    )  # fmt: skip

    company = kept.read()["company"]

    assert (company["profile"]["tier"], company["profile"]["more"]) == ("Gold", {"country": "BE"})
    assert company["lifecycle"][-1]["to"] == "at_risk"
    assert [(m["user_id"], bool(m["until"])) for m in company["team"]] == [
        (TOM, True), (MIA, False),
    ]  # fmt: skip
    (pressure,) = company["escalations"]["open"].values()
    assert (pressure["state"], pressure["owner_id"], pressure["scope"]) == (
        "accepted", MIA, "company",
    )  # fmt: skip
    assert len(pressure["event_ids"]) == 2


def test_a_right_to_support_is_amended_used_and_ends(kept: Kept) -> None:
    kept.tell(
        on_company(c.EntitlementGranted, hours=Decimal(40)),
        on_company(EntitlementAmended, entitlement_id="E-1", level="Gold", valid_to=None,
                   targets=(), hours=None, calendar_id=None, valid_from=None),
        on_company(SupportHoursUsed, entitlement_id="E-1", hours=Decimal("2.5")),
        on_company(SupportHoursUsed, entitlement_id="E-1", hours=Decimal("0.5")),
        on_company(EntitlementExpired, entitlement_id="E-1", valid_to=date(2026, 12, 31)),
    )  # fmt: skip

    right = kept.read()["company"]["entitlements"]["E-1"]

    assert (right["level"], right["hours"], right["hours_used"]) == ("Gold", "40", "3.0")
    assert (right["state"], right["valid_to"]) == ("expired", "2026-12-31")
    assert len(right["targets"]) == 1


def test_of_the_unassigned_and_of_nobody_there_is_no_dossier(kept: Kept) -> None:
    kept.tell(opened(company="unassigned"))

    nothing = kept.read("nobody")

    assert kept.live("unassigned") == kept.live("nobody") == dossier.NOTHING
    assert (nothing["company"]["events"], nothing["open_tickets"]) == (0, {})


def test_a37_six_years_a_contact_who_moved_and_what_changed_between_two_of_them(
    kept: Kept,
) -> None:
    def on(year: int, month: int = 1) -> Any:
        return at("09:00", day=1, month=month, year=year)

    kept.tell(
        company_registered(occurred_at=on(2020)),
        on_company(c.ContactAffiliated, contact_id=JAN, occurred_at=on(2020), valid_from=None),
        opened("T-1", requester_id=JAN, occurred_at=on(2021, 3)),
        on_company(c.ContactAffiliationEnded, contact_id=JAN, valid_to=date(2022, 6, 30),
                   occurred_at=on(2022, 6)),
        resolved("T-1", occurred_at=on(2022, 7)),
        opened("T-2", occurred_at=on(2022, 8)),
        promised("T-2", occurred_at=on(2022, 9)),
        on_company(c.LicencesChanged, occurred_at=on(2022, 9)),
        on_company(c.ProductInstalled, occurred_at=on(2022, 10)),
        on_company(c.CompanyValueStated, occurred_at=on(2023), valid_from=date(2023, 1, 1)),
        opened("T-3", occurred_at=on(2025)),
    )  # fmt: skip

    before, after = (kept.read(as_of=on(year)) for year in (2022, 2024))
    told = "\n".join(in_words(before, after))

    for part in ("Opened: T-2", "Resolved: T-1", "left on 2022-06-30", "Installed: playout-server",
                 "Seats of playout-server: not known → 1,200", "ARR EUR 480000",
                 'Promise "Patch for the codec": open', "Tickets in all: 1 → 2"):  # fmt: skip
        assert part in told
    assert "T-3" not in told
    assert apply(changes(before, after), before) == after
    assert before["open_tickets"]["T-1"]["state"]["requester_id"] == JAN
    assert after["company"]["resolved"][0]["ticket_id"] == "T-1"
    assert in_words(after, after) == []


def test_what_is_read_in_a_snapshot_is_of_one_moment(kept: Kept) -> None:
    kept.tell(opened())
    with closing(Database(kept.view.database.url)) as other:
        beside = replace(kept.view, database=other)
        with other.snapshot():
            first = dossier.live(beside, AGENT, ACME)
            kept.tell(opened("T-2"))
            assert dossier.live(beside, AGENT, ACME) == first
        assert dossier.live(beside, AGENT, ACME) == kept.live(reader=AGENT) != first
