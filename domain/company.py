"""Company: a customer, and what is known of it before it rings.

registered → affiliations, purchases, products, licences, entitlements, value, facts
"""

from collections.abc import Iterator
from typing import assert_never

from domain.aggregate import Aggregate
from domain.errors import AlreadyMade, AlreadyRegistered, NotRegistered, UnknownEscalation
from domain.events import AnyCompanyEvent, Recorded
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
    """One customer."""

    READ = frozenset((CompanyEscalationRaised.TYPE,))

    def __init__(self, stream_id: str) -> None:
        super().__init__(stream_id)
        self.company_id = self.local_id
        self.registered = self.local_id == UNASSIGNED
        self.escalations: set[str] = set()

    def decide(self, reported: Recorded[AnyCompanyEvent]) -> Iterator[AnyCompanyEvent]:
        """Say what to record now that *reported* has happened.

        Raises:
            AlreadyRegistered: If the company is registered a second time.
            NotRegistered: If nobody registered it yet.
            AlreadyMade: If an escalation is raised a second time.
            UnknownEscalation: If nobody raised the escalation that is resolved.
        """
        match reported.data:
            case CompanyRegistered():
                if self.registered:
                    raise AlreadyRegistered(f"{self.stream_id} is registered already")
            case _ if not self.registered:
                raise NotRegistered(
                    f"nobody registered {self.stream_id}; report company.registered first"
                )
            case CompanyEscalationRaised(escalation_id=escalation):
                if escalation in self.escalations:
                    raise AlreadyMade(f"the escalation {escalation} is raised already")
            case CompanyEscalationResolved(escalation_id=escalation):
                if escalation not in self.escalations:
                    raise UnknownEscalation(f"nobody raised {escalation} at {self.stream_id}")
            case _:
                pass
        yield reported.data

    def evolve(self, happened: Recorded[AnyCompanyEvent]) -> None:
        """Take over what happened."""
        match happened.data:
            case CompanyRegistered():
                self.registered = True
            case CompanyEscalationRaised(escalation_id=escalation):
                self.escalations.add(escalation)
            case (
                ContactAffiliated() | ContactAffiliationEnded() | PurchaseRecorded()
                | ProductInstalled() | InstallationConfigured() | LicencesChanged()
                | EntitlementGranted() | CompanyValueStated() | RenewalScheduled()
                | FactLearned() | CompanyEscalationResolved()
            ):  # fmt: skip
                pass
            case _ as never:
                assert_never(never)
