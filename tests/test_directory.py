"""The directory: who is who and who was where, in any order of arrival."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import Event, Recorded
from domain.events.company import CompanyRegistered
from domain.events.company import ExternalId as Known
from domain.events.contact import ContactIdentityLinked
from projections.database import Database
from projections.directory import companies, company, contacts_of, find, forget
from projections.directory import names as names_of
from projections.phrases import ERASED
from projections.tickets import apply as fold_tickets
from projections.tickets import of_company, tickets
from services.rebuild import dump
from tests.events import (
    ACME,
    ANA,
    JAN,
    Log,
    affiliated,
    at,
    company_registered,
    happened,
    logged,
    on_company,
    opened,
    talked,
)
from tests.histories import history_of
from tests.people import ALL, DATABASES, contact, ended, generations, market, of, registered, tied


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/read.db"
    found = Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield found
    found.close()


def test_a_company_is_shown_with_its_domains_ids_and_counts(database: Database) -> None:
    log = Log()
    log.add(*(e.event for e in market()))
    log.add(opened(), opened("T-2"), talked(occurred_at=at("16:20")))

    assert company(of(database, log.history), ALL, ACME) == {
        "company_id": ACME,
        "name": "Acme Broadcast",
        "kind": "company",
        "contact_id": None,
        "tier": "Platinum",
        "registered_at": "2026-11-02T08:00:00.000000Z",
        "events": 5,
        "tickets": 2,
        "last_event_at": "2026-11-02T16:20:00.000000Z",
        "merged_into": None,
        "absorbed": [],
        "parent_company_id": None,
        "subsidiaries": [],
        "domains": ["acme.tv"],
        "external_ids": [{"system": "crm", "id": "0017"}],
    }


def test_what_was_never_registered_is_no_company(database: Database) -> None:
    view = of(database, logged(opened(company="unassigned")))

    assert company(view, ALL, "unassigned") is None
    assert companies(view, ALL) == []


def test_names_are_those_of_the_instant_and_position_that_is_asked(database: Database) -> None:
    log = Log()
    log.add(contact(JAN, name="Jan Peters", occurred_at=at("09:00")))
    log.add(contact(ANA, name="Ana Lopes", occurred_at=at("10:00")))
    log.add(contact(JAN, name="Jan Peeters", occurred_at=at("12:00")))
    view = of(database, log.history)
    both = {JAN, ANA}

    assert names_of(view, both) == {JAN: "Jan Peeters", ANA: "Ana Lopes"}
    assert names_of(view, both, as_of=at("11:00")) == {JAN: "Jan Peters", ANA: "Ana Lopes"}
    assert names_of(view, both, known_at=1) == {JAN: "Jan Peters"}
    assert names_of(view, both, at("09:30"), 3) == {JAN: "Jan Peters"}
    assert names_of(view, ["nobody"]) == {}
    assert names_of(view, []) == {}


def test_a37_who_moved_to_another_company_leaves_the_old_tickets_there(
    database: Database,
) -> None:
    log = Log()
    log.add(registered(ACME, occurred_at=at("09:00", year=2020)))
    log.add(registered("borealis", occurred_at=at("09:00", year=2020)))
    log.add(contact(JAN, name="Jan Peeters", occurred_at=at("09:00", year=2020)))
    log.add(tied(JAN, ACME, valid_from=date(2020, 1, 8), occurred_at=at("09:00", year=2020)))
    log.add(opened("T-1", requester_id=JAN, occurred_at=at("09:00", year=2021)))
    log.add(ended(JAN, ACME, valid_to=date(2023, 6, 30), occurred_at=at("09:00", year=2023)))
    log.add(tied(JAN, "borealis", valid_from=date(2023, 7, 1), occurred_at=at("09:01", year=2023)))
    log.add(opened("T-2", company="borealis", requester_id=JAN, occurred_at=at("09:00", year=2024)))
    view = of(database, log.history)
    rows = tickets.view(database, next(generations), history_of(log.history))
    rows.create()
    fold_tickets(rows, log.history)

    def asked_by_jan(company_id: str) -> list[str]:
        listed = of_company(rows, ALL, company_id)
        return [t["ticket_id"] for t in listed if t["requester_id"] == JAN]

    def people(company_id: str, **when: Any) -> list[tuple[str, bool]]:
        return [(p["contact_id"], p["current"]) for p in contacts_of(view, company_id, **when)]

    assert (asked_by_jan(ACME), asked_by_jan("borealis")) == (["T-1"], ["T-2"])
    assert people(ACME, as_of=at("09:00", year=2022)) == [(JAN, True)]
    assert people("borealis", as_of=at("09:00", year=2022)) == []
    assert people(ACME) == [(JAN, False)]
    assert people("borealis") == [(JAN, True)]
    assert people(ACME, known_at=5) == [(JAN, True)]
    (was,) = contacts_of(view, ACME)
    assert (was["valid_from"], was["valid_to"]) == ("2020-01-08", "2023-06-30")


def test_a_new_role_closes_the_one_before(database: Database) -> None:
    view = of(
        database,
        logged(
            tied(JAN, ACME, role="admin", valid_from=date(2024, 1, 1)),
            tied(JAN, ACME, role="champion", valid_from=date(2025, 1, 1), title="Lead"),
        ),
    )

    (person,) = contacts_of(view, ACME)

    assert (person["role"], person["title"], person["current"]) == ("champion", "Lead", True)
    (before,) = contacts_of(view, ACME, known_at=1)
    assert before["role"] == "admin"


def test_an_end_without_a_beginning_is_a_former_contact(database: Database) -> None:
    view = of(database, logged(ended(JAN, ACME, occurred_at=at("09:00", day=4))))

    (person,) = contacts_of(view, ACME)

    assert (person["current"], person["valid_to"], person["name"]) == (False, "2026-11-04", None)


def people_and_companies() -> list[list[Recorded[Event]]]:
    """List streams whose order among each other is not known."""
    return [
        [contact(JAN, name="Jan Peeters", phones=("+3235551182",)),
         happened(ContactIdentityLinked, f"contact/{JAN}", company=None)],
        [contact(ANA, name="Ana Lopes", emails=("ana@acme.tv",))],
        [registered(ACME, "Acme Broadcast", domains=("acme.tv",)), tied(JAN, ACME),
         tied(ANA, ACME, role="admin"), ended(ANA, ACME), opened(), opened("T-2")],
        [registered("borealis"), tied(ANA, "borealis", occurred_at=at("08:50")),
         opened("T-3", company="borealis")],
    ]  # fmt: skip


PLACED: Final = [
    Log(position=100 * number).add(*stream) for number, stream in enumerate(people_and_companies())
]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(picks=st.permutations([0, 0, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3]), size=st.integers(1, 12))
def test_the_rows_are_the_same_in_whatever_order_the_streams_come(
    database: Database, picks: list[int], size: int
) -> None:
    streams = [iter(stream) for stream in PLACED]
    arrived = [next(streams[pick]) for pick in picks]
    view = of(database, *(arrived[start : start + size] for start in range(0, 12, size)))
    clean = of(database, [event for stream in PLACED for event in stream])

    assert list(dump(view)) == list(dump(clean))
    for made in (view, clean):
        made.drop()


@pytest.mark.parametrize("order", [1, -1])
def test_a_fact_said_twice_is_decided_by_when_it_happened(database: Database, order: int) -> None:
    log = logged(
        registered(ACME, "Acme", tier="Gold", occurred_at=at("08:00")),
        registered(ACME, "Acme Broadcast", tier="Platinum", occurred_at=at("09:00")),
        contact(JAN, name="Jan", occurred_at=at("08:00")),
        contact(JAN, name="Jan Peeters", occurred_at=at("09:00")),
    )

    view = of(database, *([event] for event in log[::order]))

    found = company(view, ALL, ACME)
    assert found
    assert (found["name"], found["tier"]) == ("Acme Broadcast", "Platinum")
    assert view.one("SELECT name FROM {contacts}") == ("Jan Peeters",)


def test_an_erased_person_is_forgotten_as_a_rebuild_would(database: Database) -> None:
    title = "VP Engineering"
    known = [
        contact(JAN, name="Jan Peeters", emails=("jan@acme.tv",), phones=("+3235551182",),
                external_ids=(Known(system="crm", id="7"),)),
        happened(ContactIdentityLinked, f"contact/{JAN}", company=None),
        tied(JAN, ACME, title=title),
    ]  # fmt: skip
    erased = [
        contact(JAN, name=ERASED, emails=(ERASED,), phones=(ERASED,),
                external_ids=(Known(system="crm", id="7"),)),
        happened(ContactIdentityLinked, f"contact/{JAN}", company=None, address=ERASED),
        tied(JAN, ACME, title=ERASED),
    ]  # fmt: skip
    view, rebuilt = of(database, logged(*known)), of(database, logged(*erased))

    forget(view, JAN)

    assert list(dump(view)) == list(dump(rebuilt))
    assert find(view, phone="+3235551182")["confidence"] == "unknown"
    assert names_of(view, [JAN]) == {}
    assert "Peeters" not in str(list(dump(view)))


def test_events_of_other_kinds_leave_counts_only(database: Database) -> None:
    view = of(database, logged(company_registered(), affiliated(), on_company(CompanyRegistered)))

    assert view.one("SELECT events, tickets FROM {companies}") == (3, 0)
