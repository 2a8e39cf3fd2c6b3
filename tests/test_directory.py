"""The directory: who is who, found by whatever one has, in any order of arrival."""

from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import Event, Logged, Recorded
from domain.events.company import CompanyRegistered, ContactAffiliated, ContactAffiliationEnded
from domain.events.company import ExternalId as Known
from domain.events.contact import ContactIdentityLinked, ContactRegistered
from domain.values import Reader, everything
from projections.database import Database
from projections.directory import apply, companies, company, contacts_of, directory, find, forget
from projections.directory import names as names_of
from projections.handles import domains_of, folded, normal_mail, normal_phone, words
from projections.phrases import ERASED
from projections.projection import View
from projections.tickets import apply as fold_tickets
from projections.tickets import of_company, tickets
from services.desk.references import normal
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
    recorded,
    talked,
)
from tests.histories import history_of

ALL: Final = everything()
CUSTOMER: Final = Reader(frozenset(("public",)), frozenset((ACME,)), public_only=True)
DATABASES: Final = ["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)]
generations = count(1)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/read.db"
    found = Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield found
    found.close()


def of(database: Database, *pages: list[Logged]) -> View:
    """Fold pages into new tables."""
    view = directory.view(database, next(generations))
    view.create()
    for page in pages:
        apply(view, page)
    return view


def contact(contact_id: str = JAN, **known: Any) -> Recorded[Event]:
    known = {"emails": (), "phones": (), "company": None, **known}
    return happened(ContactRegistered, f"contact/{contact_id}", **known)


def registered(company_id: str, name: str | None = None, **known: Any) -> Recorded[Event]:
    moment = known.pop("occurred_at", at("08:00"))
    fields = {"name": name or company_id.title(), **known}
    stream = f"company/{company_id}"
    return recorded(CompanyRegistered(**fields), stream, company=company_id, occurred_at=moment)


def tied(contact_id: str, company_id: str, **known: Any) -> Recorded[Event]:
    moment = known.pop("occurred_at", at("08:30"))
    event = ContactAffiliated(contact_id=contact_id, **known)
    return recorded(event, f"company/{company_id}", company=company_id, occurred_at=moment)


def ended(contact_id: str, company_id: str, **known: Any) -> Recorded[Event]:
    moment = known.pop("occurred_at", at("08:40"))
    event = ContactAffiliationEnded(contact_id=contact_id, **known)
    return recorded(event, f"company/{company_id}", company=company_id, occurred_at=moment)


def market() -> list[Logged]:
    """Tell of a few companies and their people."""
    return logged(
        registered(ACME, "Acme Broadcast", domains=("Acme.tv",), tier="Platinum",
                   external_ids=(Known(system="crm", id="0017"),)),
        registered("borealis", "Télévision Boréale"),
        registered("broad-oak", "Broad Oak Farms", domains=("oak.example",)),
        contact(JAN, name="Jan Peeters", emails=("Jan@Acme.tv",), phones=("+32 3 555 11 82",)),
        contact(ANA, name="Ana Lopes", phones=("0032 3 555 1183",)),
        tied(JAN, ACME, role="decision_maker", title="VP Engineering", vip=True),
        tied(ANA, "borealis", role="admin"),
    )  # fmt: skip


def found_by(view: View, text: str) -> list[tuple[str, str]]:
    return [(c["company_id"], c["matched"]) for c in companies(view, ALL, text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme", [(ACME, "id")]),
        ("BROADC", [(ACME, "name")]),
        ("broad ac", [(ACME, "name")]),
        ("broad", [(ACME, "name"), ("broad-oak", "name")]),
        ("television boreale", [("borealis", "name")]),
        ("TÉLÉ", [("borealis", "name")]),
        ("acme.tv", [(ACME, "domain")]),
        ("jan@ACME.tv", [(ACME, "domain")]),
        ("someone@eu.acme.tv", [(ACME, "domain")]),
        ("0017", [(ACME, "external")]),
        ("+32 3 555 11 82", [(ACME, "phone")]),
        ("0032-35551183", [("borealis", "phone")]),
        ("peeters", [(ACME, "contact")]),
        ("lopes ana", [("borealis", "contact")]),
        ("nobody", []),
        ("%", []),
        ("acme' --", [(ACME, "name")]),
    ],
)
def test_a_company_is_found_by_whatever_one_has(
    database: Database, text: str, expected: list[tuple[str, str]]
) -> None:
    assert sorted(found_by(of(database, market()), text)) == sorted(expected)


def test_without_a_text_all_are_listed_those_heard_of_last_first(database: Database) -> None:
    log = Log()
    log.add(registered("a"), registered("b"), registered("c"))
    log.add(opened("T-1", company="b", occurred_at=at("12:00")))
    view = of(database, log.history)

    listed = companies(view, ALL)

    assert [c["company_id"] for c in listed] == ["b", "a", "c"]
    assert [c["tickets"] for c in listed] == [1, 0, 0]
    assert [c["company_id"] for c in companies(view, ALL, "  ", limit=2)] == ["b", "a"]
    assert [c["company_id"] for c in companies(view, everything(["c", "a"]))] == ["a", "c"]


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
        "domains": ["acme.tv"],
        "external_ids": [{"system": "crm", "id": "0017"}],
    }


def test_what_was_never_registered_is_no_company(database: Database) -> None:
    view = of(database, logged(opened(company="unassigned")))

    assert company(view, ALL, "unassigned") is None
    assert companies(view, ALL) == []


def test_a_company_of_one_person_is_called_as_the_person(database: Database) -> None:
    view = of(
        database,
        logged(
            recorded(CompanyRegistered(kind="individual", contact_id=JAN), "company/i-1",
                     company="i-1"),
            contact(JAN, name="Jan Peeters", phones=("+3235551182",)),
        ),
    )  # fmt: skip

    assert [c["name"] for c in companies(view, ALL, "peeters")] == ["Jan Peeters"]
    (caller,) = find(view, phone="+32 35551182")["callers"]
    assert (caller["company_id"], caller["company"]) == ("i-1", "Jan Peeters")
    assert [person["name"] for person in contacts_of(view, "i-1")] == ["Jan Peeters"]


def test_a10_a_caller_is_named_with_company_and_role(database: Database) -> None:
    view = of(database, market())

    assert find(view, phone="+32 3 555 1182") == {
        "confidence": "exact",
        "callers": [
            {
                "contact_id": JAN, "name": "Jan Peeters", "company_id": ACME,
                "company": "Acme Broadcast", "role": "decision_maker",
                "title": "VP Engineering", "vip": True, "current": True,
            }
        ],
    }  # fmt: skip
    assert find(view, email="JAN@acme.tv")["confidence"] == "exact"


def test_a10_an_unknown_sender_of_a_known_domain_is_the_company_at_most(
    database: Database,
) -> None:
    answer = find(of(database, market()), email="new.hire@eu.acme.tv")

    assert answer["confidence"] == "domain"
    assert [(c["company_id"], c["contact_id"], c["name"]) for c in answer["callers"]] == [
        (ACME, None, None)
    ]


def test_a10_an_unknown_caller_gets_no_invented_name(database: Database) -> None:
    view = of(database, market())

    for phone, email in (("+49 30 1", None), ("5551182", None), (None, "x@tv"), (None, None)):
        answer = find(view, phone=phone, email=email)
        assert answer == {"confidence": "unknown", "callers": []}


def test_a_number_that_several_share_is_said_to_be_shared(database: Database) -> None:
    view = of(
        database,
        logged(
            registered(ACME),
            contact(JAN, name="Jan", phones=("+3235550000",)),
            contact(ANA, name="Ana", phones=("+3235550000",)),
            tied(JAN, ACME),
            tied(ANA, ACME),
        ),
    )

    answer = find(view, phone="+3235550000")

    assert answer["confidence"] == "shared"
    assert {caller["name"] for caller in answer["callers"]} == {"Jan", "Ana"}


def test_who_left_is_found_with_the_last_company_marked_as_former(database: Database) -> None:
    log = Log()
    log.add(*(e.event for e in market()))
    log.add(ended(JAN, ACME))

    answer = find(of(database, log.history), phone="+3235551182")

    assert [(c["company_id"], c["current"]) for c in answer["callers"]] == [(ACME, False)]


def test_another_address_of_the_same_person_is_found(database: Database) -> None:
    linked = happened(
        ContactIdentityLinked, f"contact/{JAN}", company=None, address="jan.p@mail.example"
    )
    log = Log()
    log.add(*(e.event for e in market()), linked)
    view = of(database, log.history)

    assert find(view, email="jan.p@mail.example")["confidence"] == "exact"
    assert contacts_of(view, ACME)[0]["emails"] == ["jan.p@mail.example", "jan@acme.tv"]


def test_nothing_of_other_companies_is_told_to_a_bound_reader(database: Database) -> None:
    view = of(database, market())
    bound = everything(["borealis"])

    assert company(view, bound, ACME) is None
    assert companies(view, bound, "acme") == []
    assert companies(view, bound, "peeters") == []
    assert find(view, bound, phone="+3235551182")["confidence"] == "unknown"
    assert find(view, bound, email="x@acme.tv")["confidence"] == "unknown"


def test_a_customer_finds_the_own_company_and_no_people(database: Database) -> None:
    view = of(database, market())

    assert companies(view, CUSTOMER, "broadcast") == [
        {"company_id": ACME, "name": "Acme Broadcast", "kind": "company", "matched": "name"}
    ]
    assert companies(view, CUSTOMER, "peeters") == []
    assert find(view, CUSTOMER, phone="+3235551182")["callers"] == []


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
"""Each stream with positions of its own: the same event has the same one in every order."""


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_many_people_are_looked_up_in_chunks(database: Database) -> None:
    people = [f"p-{number}" for number in range(1100)]
    log = logged(registered(ACME), *(contact(p, name=f"Person {p}") for p in people),
                 *(tied(p, ACME) for p in people))  # fmt: skip
    view = of(database, log)

    assert len(names_of(view, people)) == 1100
    assert len(contacts_of(view, ACME)) == 1100
    assert found_by(view, "person p") == [(ACME, "contact")]


def test_events_of_other_kinds_leave_counts_only(database: Database) -> None:
    view = of(database, logged(company_registered(), affiliated(), on_company(CompanyRegistered)))

    assert view.one("SELECT events, tickets FROM {companies}") == (3, 0)


@pytest.mark.parametrize(
    "number", ["+32 3 555 11 82", "0032-3/555.1182", "5551182", "+1", "00", ""]
)
def test_phones_are_read_as_the_desk_reads_references(number: str) -> None:
    assert normal_phone(number) == normal("phone", number)


def test_addresses_and_names_have_one_form() -> None:
    assert normal_mail("  Jan@Acme.TV ") == "jan@acme.tv"
    assert [normal_mail(text) for text in ("jan", "@acme.tv", "jan@", "")] == [None] * 4
    assert domains_of("jan@studio.eu.acme.tv") == ["studio.eu.acme.tv", "eu.acme.tv", "acme.tv"]
    assert domains_of("root@localhost") == ["localhost"]
    assert folded("  Ōsaka   STRASSE Straße ") == "osaka strasse strasse"
    assert words("Acme-Broadcast, Acme & Söhne") == ["acme", "broadcast", "sohne"]
