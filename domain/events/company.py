"""What we know of a company before it rings: people, purchases, products, terms, value, facts.

registered → affiliations, purchases, products, licences, entitlements, value, facts
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.events.base import CompanyText, Event, Part, PersonText, event
from domain.values import (
    Amount,
    Code,
    ContactId,
    Currency,
    Id,
    Level,
    Number,
    TicketId,
    UserId,
)

Hours = Annotated[Decimal, Field(max_digits=9, decimal_places=2, ge=0)]


class ExternalId(Part):
    """The id another system has for the same thing."""

    system: Code
    id: Code


class ConfigurationChange(Part):
    """One setting that changed; empty `old` or `new` = it was not set, or is no more."""

    key: Code
    old: Code | None = None
    new: Code | None = None


class PurchaseLine(Part):
    """One line of a sale."""

    product_id: Id
    quantity: Number = 1
    amount: Amount | None = None
    currency: Currency | None = None


class Target(Part):
    """A time promised by an entitlement, for one milestone."""

    milestone: Code
    minutes: Number


@event("company.registered")
class CompanyRegistered(Event):
    """The company exists for us.

    A company of kind ``individual`` is one person: it has no name of its own, its
    `contact_id` says who it is.
    """

    name: Code | None = None
    kind: Literal["company", "individual"] = "company"
    contact_id: ContactId | None = None
    domains: tuple[Code, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()
    tier: Code | None = None

    @model_validator(mode="after")
    def _named(self) -> "CompanyRegistered":
        if self.kind == "company" and not self.name:
            raise ValueError("a company of kind company needs a name")
        if self.kind == "individual" and (self.name or not self.contact_id):
            raise ValueError("a company of kind individual needs contact_id and takes no name")
        return self


@event("company.contact_affiliated")
class ContactAffiliated(Event):
    """From a day on, a person belongs to the company, in a role."""

    ABOUT = "contact_id"

    contact_id: ContactId
    title: PersonText | None = None
    role: Literal["decision_maker", "champion", "admin", "end_user", "exec_sponsor", "other"] = (
        "other"
    )
    vip: bool = False
    valid_from: date | None = None


@event("company.contact_affiliation_ended")
class ContactAffiliationEnded(Event):
    """The person left the company; their old tickets stay with it."""

    ABOUT = "contact_id"

    contact_id: ContactId
    valid_to: date | None = None
    reason: PersonText | None = None


@event("company.purchase_recorded")
class PurchaseRecorded(Event):
    """A sale, or a step towards one, known from before the first call."""

    contract_id: Id
    stage: Literal["quoted", "signed", "renewed", "cancelled", "unknown"] = "unknown"
    lines: tuple[PurchaseLine, ...] = ()
    sold_by: UserId | None = None


@event("company.product_installed")
class ProductInstalled(Event):
    """What runs where, in which version."""

    installation_id: Id
    product_id: Id
    version: Code | None = None
    environment: Code | None = None


@event("company.installation_configured")
class InstallationConfigured(Event):
    """Settings of an installation changed."""

    installation_id: Id
    changes: tuple[ConfigurationChange, ...]


@event("company.licences_changed")
class LicencesChanged(Event):
    """Seats were bought, expanded or reduced."""

    product_id: Id
    seats_before: Number
    seats_after: Number
    contract_id: Id | None = None


@event("company.entitlement_granted")
class EntitlementGranted(Event):
    """The company has a right to support, at a level, for a time.

    Attributes:
        hours: Hours of support it may use, where they are counted.
    """

    entitlement_id: Id
    level: Code
    targets: tuple[Target, ...] = ()
    calendar_id: Id | None = None
    hours: Hours | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@event("company.value_stated")
class CompanyValueStated(Event):
    """What the company is worth, as the CRM or billing says.

    Attributes:
        arr: Annual recurring revenue.
        ltv: Lifetime value.
        origin: Who says so, such as ``crm`` or ``billing``.
    """

    arr: Amount | None = None
    ltv: Amount | None = None
    currency: Currency
    valid_from: date
    origin: Code


@event("company.renewal_scheduled")
class RenewalScheduled(Event):
    """A renewal date became known, or moved."""

    contract_id: Id
    renews_on: date
    amount: Amount | None = None
    currency: Currency | None = None


@event("company.fact_learned")
class FactLearned(Event):
    """Basic information is on file now, and need not be asked again.

    Attributes:
        fact_key: What it answers, such as ``os_version``.
        learned_from: The system or the conversation that it came from.
    """

    ABOUT = "contact_id"

    fact_key: Code
    value: PersonText
    about: Literal["company", "contact", "installation"] = "company"
    contact_id: ContactId | None = None
    installation_id: Id | None = None
    learned_from: Code | None = None


@event("company.escalation_raised")
class CompanyEscalationRaised(Event):
    """Pressure about the whole relation reached management."""

    escalation_id: Id
    source: Literal["customer", "internal"]
    by_contact_id: ContactId | None = None
    to_role: Code | None = None
    reason: CompanyText | None = None
    severity: Level | None = None
    ticket_ids: tuple[TicketId, ...] = ()


@event("company.escalation_resolved")
class CompanyEscalationResolved(Event):
    """The pressure is off, and with whom that was agreed."""

    escalation_id: Id
    outcome: CompanyText | None = None
    agreed_with: ContactId | None = None


AnyFactEvent = (
    CompanyRegistered
    | ContactAffiliated
    | ContactAffiliationEnded
    | PurchaseRecorded
    | ProductInstalled
    | InstallationConfigured
    | LicencesChanged
    | EntitlementGranted
    | CompanyValueStated
    | RenewalScheduled
    | FactLearned
    | CompanyEscalationRaised
    | CompanyEscalationResolved
)
