"""A publisher names companies and contacts by what it knows of them."""

from collections.abc import Sequence

import pytest

from domain.events.account import CompanyDomainClaimed, CompanyDomainReleased
from services.desk import Desk
from services.desk.references import Fresh, References, normal
from services.wire import Report
from tests.conftest import OpenDesk
from tests.reports import (
    ACME,
    affiliated,
    happened,
    introduced,
    left,
    linked,
    opened,
    registered,
    statuses,
    talked,
)


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A desk that knows Acme by its domain and its number, and Jan by his addresses."""
    receipts = desk.record(
        [
            registered(domains=("acme.tv",), external_ids=({"system": "sap", "id": " 4711"},)),
            registered("borealis"),
            introduced(
                emails=("Jan@Mail.example",),
                phones=("+32 3 555 11 82", "0471 12 34 56"),
                external_ids=({"system": "sap", "id": "77"},),
            ),
        ]
    )
    assert statuses(receipts) == ["accepted"] * 3
    return desk


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [
        ("mail", " Jan@Acme.TV ", "jan@acme.tv"),
        ("domain", "ACME.tv", "acme.tv"),
        ("phone", "+32 (3) 555-11.82", "+3235551182"),
        ("phone", "0032 3 555 11 82", "+3235551182"),
        ("phone", "03 555 11 82", None),
        ("phone", "+1182", None),
        ("phone", "call me", None),
        ("sap", " 4711 ", "4711"),
        ("mail", "  ", None),
        ("sap", "", None),
    ],
)
def test_an_address_has_one_form_or_means_nobody(kind: str, value: str, form: str | None) -> None:
    assert normal(kind, value) == form


@pytest.mark.parametrize(
    ("reference", "company"),
    [
        ("acme", "acme"),
        ("domain=acme.tv", "acme"),
        ("domain=ACME.TV", "acme"),
        ("mail=anybody@acme.tv", "acme"),
        ("sap=4711", "acme"),
        ("sap=77", None),
        ("crm=4711", None),
        ("domain=mail.example", None),
        ("mail=jan@mail.example", None),
        ("phone=+3235551182", None),
        ("phone=5551182", None),
        ("affiliation=jan-peeters", None),
        ("=", None),
    ],
)
def test_a_reference_finds_a_company(known: Desk, reference: str, company: str | None) -> None:
    assert known.resolve("company", reference) == company


@pytest.mark.parametrize(
    ("reference", "contact"),
    [
        ("mail=JAN@mail.example", "jan-peeters"),
        ("phone=0032 3 555 11 82", "jan-peeters"),
        ("phone=0471123456", None),
        ("sap=77", "jan-peeters"),
        ("sap=4711", None),
        ("mail=anybody@acme.tv", None),
        ("domain=acme.tv", None),
    ],
)
def test_a_reference_finds_a_contact(known: Desk, reference: str, contact: str | None) -> None:
    assert known.resolve("contact", reference) == contact


def test_whoever_is_affiliated_stands_for_the_company(known: Desk, open_desk: OpenDesk) -> None:
    known.record([affiliated(company=ACME)])

    for desk in (known, open_desk()):
        assert desk.resolve("company", "mail=jan@mail.example") == ACME
        assert desk.resolve("company", "phone=+3235551182") == ACME


def test_the_last_affiliation_counts_until_the_person_leaves(known: Desk) -> None:
    jan = "mail=jan@mail.example"
    known.record([affiliated(company=ACME), affiliated(company="borealis"), left(company=ACME)])
    assert known.resolve("company", jan) == "borealis"

    known.record([left(company="borealis")])

    assert known.resolve("company", jan) is None


def test_a_new_address_leads_to_the_same_person(known: Desk) -> None:
    known.record([linked(channel="email", address="J.Peeters@Home.example")])
    known.record([linked(channel="phone", address="+32 471 12 34 56")])

    assert known.resolve("contact", "mail=j.peeters@home.example") == "jan-peeters"
    assert known.resolve("contact", "phone=+32471123456") == "jan-peeters"


def test_the_first_to_use_an_address_keeps_it(known: Desk) -> None:
    twin = introduced("twin", emails=("jan@mail.example",))

    receipts = known.record(
        [twin, affiliated("twin", ACME), opened(company="mail=jan@mail.example")]
    )

    assert statuses(receipts) == ["accepted"] * 3
    assert known.resolve("contact", "mail=jan@mail.example") == "jan-peeters"
    assert known.store.after(0)[-1].company_id == "person:jan-peeters"


def test_references_are_found_within_the_batch_that_makes_them_known(desk: Desk) -> None:
    desk.record(
        [
            registered("corvus", domains=("corvus.example",)),
            registered("draco", external_ids=({"system": "sap", "id": "9"},)),
            introduced("eva", emails=("eva@mail.example",), phones=("+44 20 7946 0018",)),
            affiliated("eva", "draco"),
            opened("1", company="domain=corvus.example"),
            opened("2", company="mail=zoe@corvus.example"),
            opened("3", company="sap=9"),
            opened("4", company="mail=eva@mail.example"),
            talked("5", company="phone=+442079460018"),
            left("eva", "draco"),
            opened("6", company="mail=eva@mail.example"),
        ]
    )

    companies = {row.stream_id: row.company_id for row in desk.store.after(4)}
    assert [companies[f"ticket/{n}"] for n in (1, 2, 3, 4, 6)] == [
        "corvus", "corvus", "draco", "draco", "person:eva",
    ]  # fmt: skip
    assert companies["interaction/5"] == "draco"


def test_a_refused_report_makes_nothing_known(desk: Desk) -> None:
    again = registered(domains=("other.example",))
    desk.record([registered(), again, opened(company="domain=other.example")])

    assert desk.resolve("company", "domain=other.example") is None
    assert desk.store.after(1)[0].company_id == "unassigned"


def test_an_external_id_belongs_to_one_company(known: Desk) -> None:
    same = ({"system": "sap", "id": "4711"},)

    receipts = known.record(
        [
            registered("twin", external_ids=same),
            registered("one", external_ids=({"system": "sap", "id": "5"},)),
            registered("two", external_ids=({"system": "sap", "id": "5"},)),
            introduced("ana-lopes", external_ids=same),
        ]
    )

    assert statuses(receipts) == ["reference-taken", "accepted", "reference-taken", "accepted"]
    assert receipts[0].reason == "company/acme holds one of these external ids already"


def test_a_reference_that_means_somebody_only_later_does_not_stop_a_waiting_ticket(
    desk: Desk,
) -> None:
    acme = "domain=acme.tv"
    desk.record([opened("1", company=acme), registered(domains=("acme.tv",))])

    receipts = desk.record([talked("2", company=acme), opened("3", company=acme)])
    later = desk.record([opened("1", company=acme)])

    assert statuses([*receipts, *later]) == ["accepted", "accepted", "already-opened"]
    assert [row.company_id for row in desk.store.after(0)] == [
        "unassigned", "acme", "acme", "acme",
    ]  # fmt: skip


def domain(name: str, company: str, *, released: bool = False) -> Report:
    model = CompanyDomainReleased if released else CompanyDomainClaimed
    return happened(model, f"company/{company}", domain=name)


@pytest.mark.parametrize("together", [True, False])
def test_a_domain_is_the_first_companys_that_claimed_it_until_it_is_released(
    desk: Desk, together: bool
) -> None:
    def record(*reports: Report) -> None:
        for batch in [reports] if together else [[report] for report in reports]:
            assert set(statuses(desk.record(batch))) == {"accepted"}

    record(registered("acme"), registered("borealis"))
    record(domain("New.TV", "acme"), domain("new.tv", "borealis"))
    assert desk.resolve("company", "mail=jan@new.tv") == "acme"

    record(domain("new.tv", "borealis", released=True))
    assert desk.resolve("company", "domain=new.tv") == "acme"
    record(domain("new.tv", "acme", released=True))
    assert desk.resolve("company", "domain=new.tv") is None

    record(domain("new.tv", "borealis"))
    assert desk.resolve("company", "domain=new.tv") == "borealis"


def test_what_is_kept_of_an_address_does_not_tell_it(known: Desk) -> None:
    rows = known.store.database.execute("SELECT digest, target FROM handles")

    assert len(rows) == 5
    assert all(len(digest) == 16 for digest, _ in rows)
    assert not any(b"jan" in bytes(digest) or b"acme" in bytes(digest) for digest, _ in rows)


def test_a_system_and_an_id_cannot_be_taken_for_another_pair() -> None:
    references = References(b"k" * 32, lambda _: {})

    assert references.digest("company:a=b", "c") != references.digest("company:a", "b=c")


def test_the_store_is_asked_once_for_each_reference_of_a_commit() -> None:
    asked: list[bytes] = []

    def handles(digests: Sequence[bytes]) -> dict[bytes, str]:
        asked.extend(digests)
        return dict.fromkeys(digests, "company/acme")

    references = References(b"k" * 32, handles).within(Fresh())

    assert {references.resolve("company", "domain=acme.tv") for _ in range(9)} == {"acme"}
    assert len(asked) == 1
