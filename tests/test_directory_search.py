"""Finding companies and callers by whatever one has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.events.company import CompanyRegistered
from domain.events.contact import ContactIdentityLinked
from domain.values import everything
from projections.database import Database
from projections.directory import companies, company, contacts_of, find
from projections.directory import names as names_of
from projections.handles import domains_of, folded, normal_mail, normal_phone, words
from services.desk.references import normal
from tests.events import (
    ACME,
    ANA,
    JAN,
    Log,
    at,
    happened,
    logged,
    opened,
    recorded,
)
from tests.people import (
    ALL,
    CUSTOMER,
    DATABASES,
    contact,
    ended,
    found_by,
    market,
    of,
    registered,
    tied,
)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/read.db"
    found = Database(url if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield found
    found.close()


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
                "contact_id": JAN, "known_as": JAN, "name": "Jan Peeters", "company_id": ACME,
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


def test_many_people_are_looked_up_in_chunks(database: Database) -> None:
    people = [f"p-{number}" for number in range(1100)]
    log = logged(registered(ACME), *(contact(p, name=f"Person {p}") for p in people),
                 *(tied(p, ACME) for p in people))  # fmt: skip
    view = of(database, log)

    assert len(names_of(view, people)) == 1100
    assert len(contacts_of(view, ACME)) == 1100
    assert found_by(view, "person p") == [(ACME, "contact")]


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
