"""What companies are called: the last that was said counts, in whatever order it was learned."""

from collections.abc import Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest

from domain.events import Event, Recorded
from domain.events.account import (
    CompanyDomainClaimed,
    CompanyDomainReleased,
    CompanyProfileChanged,
    ProfileChange,
)
from projections.database import Database
from projections.directory import companies, company, find
from tests.events import ACME, at, company_registered, logged, on_company
from tests.people import ALL, DATABASES, of


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/directory.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres"))
    with closing(Database(url)) as database:
        yield database


def renamed(name: str | None, tier: str | None, hour: str) -> Recorded[Event]:
    changes = (ProfileChange(field="name", new=name), ProfileChange(field="tier", new=tier))
    return on_company(CompanyProfileChanged, changes=changes, occurred_at=at(hour))


def test_a_company_is_called_as_was_said_last_whatever_the_order(database: Database) -> None:
    said = [
        company_registered(occurred_at=at("08:00")),
        renamed("Acme Media", "Gold", "09:00"),
        renamed("Acme Group", "Silver", "10:00"),
        on_company(CompanyDomainReleased, domain="acme.tv", occurred_at=at("09:00")),
        on_company(CompanyDomainClaimed, domain="Acme.Group", occurred_at=at("09:00")),
    ]

    for order in permutations(said):
        view = of(database, logged(*order))
        found = company(view, ALL, ACME) or {}
        assert (found["name"], found["tier"]) == ("Acme Group", "Silver")
        assert found["domains"] == ["acme.group"]


def test_it_is_found_by_every_name_it_ever_had_and_by_the_domains_it_has(
    database: Database,
) -> None:
    first, *rest = logged(
        company_registered(occurred_at=at("08:00")),
        renamed("Nordic Media", "Gold", "09:00"),
        on_company(CompanyDomainReleased, domain="acme.tv", occurred_at=at("09:30")),
        on_company(CompanyDomainClaimed, domain="nordic.tv", occurred_at=at("09:30")),
    )

    view = of(database, [first], rest)

    for text in ("acme", "nordic", "nordic.tv"):
        assert [found["name"] for found in companies(view, ALL, text)] == ["Nordic Media"], text
    assert find(view, email="jan@nordic.tv")["confidence"] == "domain"
    assert find(view, email="jan@acme.tv")["confidence"] == "unknown"
