"""The rules of a company: it is registered once, and before anything else is known of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.company import Company
from domain.errors import AlreadyMade, AlreadyRegistered, NotRegistered, Refused, UnknownEscalation
from domain.events import TYPES, Recorded
from domain.events.company import CompanyEscalationRaised, CompanyEscalationResolved
from tests.deciding import decided
from tests.events import ACME, company_registered, on_company

STREAM = f"company/{ACME}"
NAMES = sorted(
    name for name in TYPES if name.startswith("company.") and name != "company.registered"
)


def company_with(*history: Recorded[Any]) -> Company:
    return Company.replay(STREAM, history)


def raised(**known: Any) -> Recorded[Any]:
    return on_company(CompanyEscalationRaised, **known)


def eased(**known: Any) -> Recorded[Any]:
    return on_company(CompanyEscalationResolved, **known)


def test_a_company_is_registered_once() -> None:
    registering = company_registered()
    assert decided(Company(STREAM), registering) == [registering.data]

    with pytest.raises(AlreadyRegistered):
        decided(company_with(registering), company_registered())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_known_of_a_company_before_it_is_registered(name: str) -> None:
    with pytest.raises(NotRegistered, match=r"company\.registered first"):
        decided(Company(STREAM), on_company(TYPES[name]))


@pytest.mark.parametrize("name", NAMES)
def test_everything_may_be_reported_of_it_afterwards(name: str) -> None:
    company = company_with(company_registered(), raised(escalation_id="X-1"))
    known = {"escalation_id": "X-1"} if name == "company.escalation_resolved" else {}
    reported = on_company(TYPES[name], **known)

    assert decided(company, reported) == [reported.data]


def test_the_company_of_those_who_have_none_is_there_from_the_beginning() -> None:
    unassigned = Company("company/unassigned")

    with pytest.raises(AlreadyRegistered):
        decided(unassigned, company_registered(company="unassigned"))
    assert decided(unassigned, raised(company="unassigned"))


def test_an_escalation_is_raised_once_and_resolved_when_it_was() -> None:
    company = company_with(company_registered())
    with pytest.raises(UnknownEscalation):
        decided(company, eased())
    company.take(raised())

    with pytest.raises(AlreadyMade):
        decided(company, raised())

    assert decided(company, eased())


HISTORIES = st.lists(
    st.one_of(
        st.sampled_from([name for name in NAMES if "escalation" not in name]).map(
            lambda name: on_company(TYPES[name])
        ),
        st.builds(
            lambda make, number: make(escalation_id=f"X-{number}"),
            st.sampled_from([raised, eased]),
            st.integers(0, 3),
        ),
    ),
    max_size=20,
)


@given(HISTORIES)
def test_a_replay_leads_to_the_state_that_was_lived(reports: list[Recorded[Any]]) -> None:
    company, recorded = Company(STREAM), []
    for reported in [company_registered(), *reports]:
        try:
            decided(company, reported)
        except Refused:
            continue
        company.take(reported)
        recorded.append(reported)

    assert vars(Company.replay(STREAM, recorded)) == vars(company)
