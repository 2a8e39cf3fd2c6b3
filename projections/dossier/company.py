"""What a company's own events tell: its people, what it is worth, what is known of it."""

from typing import Final, assert_never

from domain.events import AnyCompanyEvent, Event, Recorded
from domain.events.account import (
    AccountTeamMemberAssigned,
    AccountTeamMemberUnassigned,
    CompaniesMerged,
    CompanyDomainClaimed,
    CompanyDomainReleased,
    CompanyEscalationAccepted,
    CompanyEscalationDeclined,
    CompanyEscalationUpdated,
    CompanyLifecycleChanged,
    CompanyMergeReverted,
    CompanyParentSet,
    CompanyProfileChanged,
    CompanySubsidiaryAdded,
    CompanySubsidiaryRemoved,
    ExecutiveBriefed,
)
from domain.events.assets import (
    EntitlementAmended,
    EntitlementExpired,
    InstallationRetired,
    InstallationUpgraded,
    SupportHoursUsed,
)
from domain.events.company import (
    CompanyEscalationRaised,
    CompanyEscalationResolved,
    CompanyRegistered,
    CompanyValueStated,
    ContactAffiliated,
    ContactAffiliationEnded,
    EntitlementGranted,
    FactLearned,
    InstallationConfigured,
    LicencesChanged,
    ProductInstalled,
    PurchaseRecorded,
    RenewalScheduled,
)
from projections.dossier.account import pressed, profiled, stood
from projections.dossier.assets import entitled, installed, sold
from projections.dossier.marks import Mark, plain
from projections.dossier.record import Dossier, Entry

PROFILE: Final = (
    CompanyRegistered, CompanyProfileChanged, CompanyDomainClaimed, CompanyDomainReleased,
)  # fmt: skip
"""What a company is called and known by."""

STRUCTURE: Final = (
    CompanyParentSet, CompanySubsidiaryAdded, CompanySubsidiaryRemoved, CompaniesMerged,
    CompanyMergeReverted, CompanyEscalationRaised, CompanyEscalationResolved,
    CompanyEscalationAccepted, CompanyEscalationDeclined, CompanyEscalationUpdated, FactLearned,
)  # fmt: skip
"""What tells something even to those who may not read it: that it stands."""


def is_all_content(event: Event) -> bool:
    """Say whether nothing is left of an event to those who may not read it."""
    return not isinstance(event, (*PROFILE, *STRUCTURE))


def told(company: Dossier, recorded: Recorded[AnyCompanyEvent], position: int) -> None:
    """Take over one event of the company's own stream."""
    mark = Mark.of(recorded, position)
    match recorded.data:
        case ContactAffiliated() | ContactAffiliationEnded() as tie:
            _tied(company.people.setdefault(tie.contact_id, []), tie, mark)
        case CompanyValueStated() as worth:
            _stated(company.value, {**mark.entry, "position": mark.position, **plain(worth)})
        case FactLearned() as fact:
            _learned(company, fact, mark)
        case PurchaseRecorded() | RenewalScheduled() | LicencesChanged() as sale:
            sold(company, sale, mark)
        case (ProductInstalled() | InstallationConfigured() | InstallationUpgraded()
              | InstallationRetired()) as installation:  # fmt: skip
            installed(company, installation, mark)
        case (EntitlementGranted() | EntitlementAmended() | EntitlementExpired()
              | SupportHoursUsed()) as right:  # fmt: skip
            entitled(company, right, mark)
        case (CompanyRegistered() | CompanyProfileChanged() | CompanyDomainClaimed()
              | CompanyDomainReleased()) as profile:  # fmt: skip
            profiled(company, profile, mark)
        case (CompanyParentSet() | CompanySubsidiaryAdded() | CompanySubsidiaryRemoved()
              | AccountTeamMemberAssigned() | AccountTeamMemberUnassigned()
              | CompanyLifecycleChanged() | CompaniesMerged() | CompanyMergeReverted()
              | ExecutiveBriefed()) as standing:  # fmt: skip
            stood(company, standing, mark)
        case (CompanyEscalationRaised() | CompanyEscalationResolved()
              | CompanyEscalationAccepted() | CompanyEscalationDeclined()
              | CompanyEscalationUpdated()) as pressure:  # fmt: skip
            pressed(company, pressure, mark)
        case _ as never:
            assert_never(never)


def _tied(ties: list[Entry], tie: ContactAffiliated | ContactAffiliationEnded, mark: Mark) -> None:
    """Close the tie that lasts, if a new role or an end does so, and open a new one."""
    lasting = ties[-1] if ties and ties[-1]["valid_to"] is None else None
    match tie:
        case ContactAffiliated():
            since = tie.valid_from.isoformat() if tie.valid_from else None
            if lasting and (lasting["valid_from"] or "") < (since or mark.day):
                lasting["valid_to"] = since or mark.day
            elif lasting:
                ties.pop()
            ties.append({
                **mark.entry, "role": tie.role, "title": tie.title, "vip": tie.vip,
                "valid_from": since, "valid_to": None, "reason": None, "ended_by": None,
            })  # fmt: skip
        case ContactAffiliationEnded():
            if lasting is None:
                lasting = {"role": None, "title": None, "vip": False, "valid_from": None}
                lasting |= mark.entry
                ties.append(lasting)
            until = tie.valid_to.isoformat() if tie.valid_to else mark.day
            lasting.update(valid_to=until, reason=tie.reason, ended_by=mark.event_id)


def _stated(statements: list[Entry], worth: Entry) -> None:
    """Put a statement in its place by the day from which it holds; a later word comes after."""
    place = len(statements)
    while place and statements[place - 1]["valid_from"] > worth["valid_from"]:
        place -= 1
    statements.insert(place, worth)


def _learned(company: Dossier, fact: FactLearned, mark: Mark) -> None:
    """Keep the last thing learned, and what was first recorded of it."""
    whom = fact.contact_id if fact.about == "contact" else fact.installation_id
    key = f"{fact.about}/{whom or ''}/{fact.fact_key}"
    now = {**mark.entry, "position": mark.position}
    first = company.facts.get(key, {}).get("first", now)
    company.facts[key] = {
        **now, **plain(fact), "learned_from": fact.learned_from or mark.system,
        "first": min(first, now, key=lambda told: told["position"]),
    }  # fmt: skip
