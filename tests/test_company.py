"""The rules of a company: it is registered once, and before anything else is known of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.company import Company
from domain.errors import (
    AlreadyMade,
    AlreadyMerged,
    AlreadyRegistered,
    InvalidReport,
    MergedIntoItself,
    NotRegistered,
    OwnParent,
    Refused,
    UnknownCompany,
    UnknownEntitlement,
    UnknownEscalation,
    UnknownMerge,
)
from domain.events import TYPES, Recorded
from domain.events.account import (
    CompaniesMerged,
    CompanyMergeReverted,
    CompanyParentSet,
    CompanyProfileChanged,
)
from domain.events.company import (
    CompanyEscalationRaised,
    CompanyEscalationResolved,
    EntitlementGranted,
)
from tests.deciding import decided
from tests.events import ACME, at, company_registered, on_company

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


BY_THE_DESK = ("company.subsidiary_added", "company.subsidiary_removed")


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(BY_THE_DESK)))
def test_everything_may_be_reported_of_it_afterwards(name: str) -> None:
    merged = on_company(CompaniesMerged)
    history = [company_registered(), raised(escalation_id="X-1"), on_company(EntitlementGranted)]
    known: dict[str, Any] = {}
    if name.startswith("company.escalation") and name != "company.escalation_raised":
        known = {"escalation_id": "X-1"}
    if name == "company.merge_reverted":
        history, known = [*history, merged], {"merge_event_id": merged.event_id}
    company = company_with(*history)
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


@pytest.mark.parametrize("name", BY_THE_DESK)
def test_a_subsidiary_is_told_by_the_subsidiary(name: str) -> None:
    with pytest.raises(InvalidReport, match=r"report company\.parent_set on the subsidiary"):
        decided(company_with(company_registered()), on_company(TYPES[name]))


@pytest.mark.parametrize("name", ["entitlement_amended", "entitlement_expired",
                                  "support_hours_used"])  # fmt: skip
def test_a_right_changes_and_ends_that_was_granted(name: str) -> None:
    with pytest.raises(UnknownEntitlement, match=r"report company\.entitlement_granted first"):
        decided(company_with(company_registered()), on_company(TYPES[f"company.{name}"]))


def merging(kept: str, absorbed: str, **known: Any) -> Recorded[Any]:
    return on_company(CompaniesMerged, kept_id=kept, absorbed_id=absorbed, **known)


def test_a_merge_is_of_two_companies_of_which_this_is_one() -> None:
    company = company_with(company_registered())

    with pytest.raises(MergedIntoItself):
        decided(company, merging(ACME, ACME))
    with pytest.raises(InvalidReport, match="neither kept_id nor absorbed_id"):
        decided(company, merging("borealis", "corvus"))
    with pytest.raises(UnknownCompany, match="move its tickets"):
        decided(Company("company/unassigned"), merging(ACME, "unassigned", company="unassigned"))


def test_a_company_absorbs_several_and_is_absorbed_by_one_until_that_is_reverted() -> None:
    into, more = merging("borealis", ACME), [merging(ACME, "corvus"), merging(ACME, "delta")]
    company = company_with(company_registered(), *more, into)
    assert company.merged_into == "borealis"

    with pytest.raises(AlreadyMerged, match="absorbed by borealis; revert that merge first"):
        decided(company, merging("epsilon", ACME))
    reverting = on_company(CompanyMergeReverted, merge_event_id=into.event_id)
    assert decided(company, reverting)
    company.take(reverting)

    assert company.merged_into is None
    assert decided(company, merging("epsilon", ACME))
    with pytest.raises(UnknownMerge):
        decided(company, reverting)


def test_a_company_does_not_belong_to_itself_and_what_is_no_company_to_none() -> None:
    with pytest.raises(OwnParent):
        decided(
            company_with(company_registered()), on_company(CompanyParentSet, parent_company_id=ACME)
        )
    with pytest.raises(UnknownCompany):
        decided(
            Company("company/unassigned"),
            on_company(CompanyParentSet, parent_company_id=ACME, company="unassigned"),
        )


def test_a_parent_that_is_learned_late_does_not_undo_a_later_one() -> None:
    company = company_with(
        company_registered(),
        on_company(CompanyParentSet, parent_company_id="new", occurred_at=at("12:00")),
        on_company(CompanyParentSet, parent_company_id="old", occurred_at=at("11:00")),
    )

    assert company.parent_id == "new"


def test_a_person_who_is_a_company_is_called_as_they_are() -> None:
    zoe = company_with(company_registered(kind="individual", name=None, contact_id="zoe"))

    with pytest.raises(InvalidReport, match="called as its contact is"):
        decided(zoe, on_company(CompanyProfileChanged))


HISTORIES = st.lists(
    st.one_of(
        st.sampled_from([name for name in NAMES if "escalation" not in name]).map(
            lambda name: on_company(TYPES[name])
        ),
        st.builds(merging, st.sampled_from([ACME, "borealis"]), st.sampled_from([ACME, "corvus"])),
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
