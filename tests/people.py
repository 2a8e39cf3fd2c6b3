"""Companies and people for the tests of the directory, and tables to fold them into."""

from itertools import count
from typing import Any, Final

import pytest

from domain.events import Event, Logged, Recorded
from domain.events.company import CompanyRegistered, ContactAffiliated, ContactAffiliationEnded
from domain.events.company import ExternalId as Known
from domain.events.contact import ContactRegistered
from domain.values import Reader, everything
from projections.database import Database
from projections.directory import apply, companies, directory
from projections.projection import View
from tests.events import (
    ACME,
    ANA,
    JAN,
    at,
    happened,
    logged,
    recorded,
)

ALL: Final = everything()


CUSTOMER: Final = Reader(frozenset(("public",)), frozenset((ACME,)), public_only=True)


DATABASES: Final = ["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)]


generations = count(1)


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
