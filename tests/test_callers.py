"""Who is calling, where records were merged and people belong to several companies."""

from datetime import date

import pytest

from domain.events import account as a
from projections.briefing import Card
from services.reading import NotFound
from services.wire import Report
from tests.reports import ACME, affiliated, at, different, happened, introduced, registered, same
from tests.witnesses import Told, told

__all__ = ["told"]


@pytest.fixture
def twice(told: Told) -> Told:
    """Jan is known to Acme, and once more, under another record, to Borealis."""
    told.tell(
        registered("borealis"),
        introduced("jan-2", emails=("jan@borealis.example",)),
        affiliated("jan-peeters", ACME, title="VP Engineering", valid_from=date(2024, 1, 8)),
        affiliated("jan-2", "borealis", title="Advisor", valid_from=date(2025, 1, 8)),
    )
    return told


def card_of(told: Told, company: str) -> Card:
    reading = told.by()
    _, caller = reading.caller(company, None, "jan@borealis.example")
    return reading.briefing(company, None, None, caller).card


def test_a10_a_caller_whose_records_were_merged_has_the_role_of_the_company_called_for(
    twice: Told,
) -> None:
    (merge,) = twice.deployment.desk.record([same("jan-2", "jan-peeters", at=at("10:00"))])
    twice.deployment.catch_up()

    lines = {company: card_of(twice, company).lines[0] for company in (ACME, "borealis")}

    assert "VP Engineering" in lines[ACME].text
    assert "Advisor" in lines["borealis"].text
    assert all(len(line.events) > 1 for line in lines.values())
    with pytest.raises(NotFound, match="people of several companies have it"):
        twice.by().caller(None, None, "jan@borealis.example")

    twice.tell(different("jan-2", merge, at=at("11:00")))

    assert "Advisor" in card_of(twice, "borealis").lines[0].text
    assert twice.by().caller(None, None, "jan@borealis.example")[0] == "borealis"


def test_a_domain_is_one_however_it_is_written(told: Told) -> None:
    told.tell(domain(a.CompanyDomainClaimed, " Acme.TV "))
    assert domains(told) == (["acme.tv"], ["acme.tv"])

    told.tell(domain(a.CompanyDomainReleased, "acme.tv"))

    assert domains(told) == ([], [])


def domain(model: type[a.CompanyDomainClaimed | a.CompanyDomainReleased], name: str) -> Report:
    return happened(model, f"company/{ACME}", domain=name)


def domains(told: Told) -> tuple[list[str], list[str]]:
    """Say what the dossier and the directory know."""
    profile = told.by().dossier(ACME).document["company"]["profile"]
    return profile["domains"], told.by().company(ACME)["domains"]
