"""What becomes of what a company runs and is entitled to: upgrades, ends, hours that were used."""

from datetime import date

from domain.events.base import CompanyText, Event, event
from domain.events.company import Hours, Target
from domain.values import Code, Id, TicketId


@event("company.installation_upgraded")
class InstallationUpgraded(Event):
    """The version that runs somewhere changed, up or down."""

    installation_id: Id
    from_version: Code | None = None
    to_version: Code


@event("company.installation_retired")
class InstallationRetired(Event):
    """The installation runs no more."""

    installation_id: Id
    reason: CompanyText | None = None


@event("company.entitlement_amended")
class EntitlementAmended(Event):
    """The right to support changed; what is empty stays as it was.

    Attributes:
        targets: All of them anew, if there are any.
    """

    entitlement_id: Id
    level: Code | None = None
    targets: tuple[Target, ...] = ()
    calendar_id: Id | None = None
    hours: Hours | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@event("company.entitlement_expired")
class EntitlementExpired(Event):
    """The right to support is over.

    Attributes:
        valid_to: Its last day, where that is not the day of the event.
    """

    entitlement_id: Id
    valid_to: date | None = None


@event("company.support_hours_used")
class SupportHoursUsed(Event):
    """Hours of support were counted against an entitlement, so that it can be said what is left."""

    entitlement_id: Id
    hours: Hours
    ticket_id: TicketId | None = None


AnyAssetEvent = (
    InstallationUpgraded
    | InstallationRetired
    | EntitlementAmended
    | EntitlementExpired
    | SupportHoursUsed
)
