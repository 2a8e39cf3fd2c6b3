"""Company: a customer, and what is known of it before it rings.

registered → what it has and who looks after it; merged with another and parted again
"""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from domain.aggregate import Aggregate
from domain.errors import (
    AlreadyMade,
    AlreadyMerged,
    AlreadyRegistered,
    InvalidReport,
    MergedIntoItself,
    NotRegistered,
    OwnParent,
    UnknownCompany,
    UnknownEntitlement,
    UnknownEscalation,
    UnknownMerge,
)
from domain.events import AnyCompanyEvent, Recorded
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
from domain.values import UNASSIGNED


class Company(Aggregate[AnyCompanyEvent]):
    """One customer.

    Attributes:
        merges: Those in force: the event's id, the company kept and the one absorbed.
        parent: The company it belongs to, and since when; no company if that ended.
    """

    READ = frozenset(
        event.TYPE
        for event in (
            CompanyRegistered, CompanyEscalationRaised, EntitlementGranted, CompanyParentSet,
            CompaniesMerged, CompanyMergeReverted,
        )
    )  # fmt: skip

    def __init__(self, stream_id: str) -> None:
        super().__init__(stream_id)
        self.company_id = self.local_id
        self.registered = self.local_id == UNASSIGNED
        self.is_individual = False
        self.escalations: set[str] = set()
        self.entitlements: set[str] = set()
        self.merges: dict[str, tuple[str, str]] = {}
        self.parent: tuple[datetime, str | None] | None = None

    @property
    def merged_into(self) -> str | None:
        """The company this one is absorbed by."""
        return next((kept for kept, absorbed in self.merges.values() if absorbed == self.local_id),
                    None)  # fmt: skip

    @property
    def parent_id(self) -> str | None:
        """The company it belongs to."""
        return self.parent[1] if self.parent else None

    def decide(self, reported: Recorded[AnyCompanyEvent]) -> Iterator[AnyCompanyEvent]:
        """Say what to record now that *reported* has happened.

        Raises:
            AlreadyRegistered: If the company is registered a second time.
            NotRegistered: If nobody registered it yet.
            AlreadyMade: If an escalation is raised a second time.
            UnknownEscalation: If nobody raised the escalation that it is about.
            UnknownEntitlement: If nobody granted the entitlement that it is about.
            UnknownMerge: If there is no such merge to revert.
            AlreadyMerged: If it is absorbed by another company already.
            MergedIntoItself: If it is merged into itself.
            OwnParent: If it is to belong to itself.
            UnknownCompany: If what could not be matched is merged, or given a parent.
            InvalidReport: If it is not about this company, or only the desk can say it.
        """
        match reported.data:
            case CompanyRegistered():
                if self.registered:
                    raise AlreadyRegistered(f"{self.stream_id} is registered already")
            case _ if not self.registered:
                raise NotRegistered(
                    f"nobody registered {self.stream_id}; report company.registered first"
                )
            case CompanySubsidiaryAdded() | CompanySubsidiaryRemoved():
                raise InvalidReport("report company.parent_set on the subsidiary instead")
            case _:
                self._must_be_coherent(reported.data)
        yield reported.data

    def evolve(self, happened: Recorded[AnyCompanyEvent]) -> None:
        """Take over what happened."""
        match happened.data:
            case CompanyRegistered(kind=kind):
                self.registered = True
                self.is_individual = kind == "individual"
            case CompanyEscalationRaised(escalation_id=escalation):
                self.escalations.add(escalation)
            case EntitlementGranted(entitlement_id=entitlement):
                self.entitlements.add(entitlement)
            case CompaniesMerged(kept_id=kept, absorbed_id=absorbed):
                self.merges[str(happened.event_id)] = kept, absorbed
            case CompanyMergeReverted(merge_event_id=merge):
                self.merges.pop(str(merge), None)
            case CompanyParentSet(parent_company_id=parent):
                if self.parent is None or happened.occurred_at >= self.parent[0]:
                    self.parent = happened.occurred_at, parent
            case (
                ContactAffiliated() | ContactAffiliationEnded() | PurchaseRecorded()
                | ProductInstalled() | InstallationConfigured() | InstallationUpgraded()
                | InstallationRetired() | LicencesChanged() | EntitlementAmended()
                | EntitlementExpired() | SupportHoursUsed() | CompanyValueStated()
                | RenewalScheduled() | FactLearned() | CompanyProfileChanged()
                | CompanyDomainClaimed() | CompanyDomainReleased() | CompanySubsidiaryAdded()
                | CompanySubsidiaryRemoved() | AccountTeamMemberAssigned()
                | AccountTeamMemberUnassigned() | CompanyLifecycleChanged()
                | CompanyEscalationResolved() | CompanyEscalationAccepted()
                | CompanyEscalationDeclined() | CompanyEscalationUpdated() | ExecutiveBriefed()
            ):  # fmt: skip
                pass
            case _ as never:
                assert_never(never)

    def _must_be_coherent(self, event: AnyCompanyEvent) -> None:
        match event:
            case CompanyEscalationRaised(escalation_id=escalation):
                if escalation in self.escalations:
                    raise AlreadyMade(f"the escalation {escalation} is raised already")
            case (
                CompanyEscalationResolved(escalation_id=escalation)
                | CompanyEscalationAccepted(escalation_id=escalation)
                | CompanyEscalationDeclined(escalation_id=escalation)
                | CompanyEscalationUpdated(escalation_id=escalation)
            ):
                if escalation not in self.escalations:
                    raise UnknownEscalation(f"nobody raised {escalation} at {self.stream_id}")
            case (
                EntitlementAmended(entitlement_id=entitlement)
                | EntitlementExpired(entitlement_id=entitlement)
                | SupportHoursUsed(entitlement_id=entitlement)
            ):
                if entitlement not in self.entitlements:
                    raise UnknownEntitlement(
                        f"nobody granted {entitlement} to {self.stream_id}; "
                        "report company.entitlement_granted first"
                    )
            case CompanyProfileChanged(changes=changes):
                if self.is_individual and any(change.field == "name" for change in changes):
                    raise InvalidReport(
                        f"{self.stream_id} is one person, called as its contact is: "
                        "leave data.changes of name out"
                    )
            case CompaniesMerged() | CompanyMergeReverted() as merge:
                self._must_be_mergeable(merge)
            case CompanyParentSet(parent_company_id=parent):
                self._must_be_a_company()
                if parent == self.local_id:
                    raise OwnParent(f"{self.stream_id} cannot belong to itself")
            case _:
                pass

    def _must_be_mergeable(self, merge: CompaniesMerged | CompanyMergeReverted) -> None:
        if isinstance(merge, CompanyMergeReverted):
            if str(merge.merge_event_id) not in self.merges:
                raise UnknownMerge(f"{self.stream_id} has no merge {merge.merge_event_id}")
            return
        self._must_be_a_company()
        if merge.kept_id == merge.absorbed_id:
            raise MergedIntoItself(f"{self.stream_id} cannot be merged into itself")
        if self.local_id not in (merge.kept_id, merge.absorbed_id):
            raise InvalidReport(f"neither kept_id nor absorbed_id is {self.local_id}")
        if merge.absorbed_id == self.local_id and self.merged_into:
            raise AlreadyMerged(
                f"{self.stream_id} is absorbed by {self.merged_into}; revert that merge first"
            )

    def _must_be_a_company(self) -> None:
        if self.local_id == UNASSIGNED:
            raise UnknownCompany(f"{self.stream_id} is no company; move its tickets instead")
