"""How a company stands with us, and what becomes of what it has, in words."""

from typing import Final

from domain.events import Recorded
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
    ProfileChange,
)
from domain.events.assets import (
    EntitlementAmended,
    EntitlementExpired,
    InstallationRetired,
    InstallationUpgraded,
    SupportHoursUsed,
)
from domain.events.contact import ContactMergeReverted, ContactsMerged
from domain.events.product import ProductVersionReleased
from projections import pressure
from projections.phrases import (
    contact,
    day,
    line,
    listed,
    plain,
    span,
    staff,
    told,
    words,
)

TEAM: Final = {
    "csm": "customer success manager",
    "ae": "account executive",
    "tam": "technical account manager",
    "exec_sponsor": "executive sponsor",
}


@line(CompanyProfileChanged)
def profile_changed(recorded: Recorded[CompanyProfileChanged]) -> str:
    """Say which fields changed."""
    event = recorded.data
    changes = listed(map(_field, event.changes), between="; ")
    return f"Profile changed{changes and f': {changes}'}{told(event.reason, ', because ')}"


def _field(change: ProfileChange) -> str:
    old, new = (plain(value, 40) if value else "not set" for value in (change.old, change.new))
    return f"{words(change.field)} {old} → {new}"


@line(CompanyDomainClaimed)
def domain_claimed(recorded: Recorded[CompanyDomainClaimed]) -> str:
    """Say whose mail is theirs from now on."""
    event = recorded.data
    how = f" (verified by {plain(event.verified_by)})" if event.verified_by else ""
    return f"Mail from {plain(event.domain)} is from the company{how}"


@line(CompanyDomainReleased)
def domain_released(recorded: Recorded[CompanyDomainReleased]) -> str:
    """Say whose mail is theirs no more."""
    return f"Mail from {plain(recorded.data.domain)} is from the company no more"


@line(CompanyParentSet)
def parent_set(recorded: Recorded[CompanyParentSet]) -> str:
    """Say to which company it belongs, and belonged."""
    event = recorded.data
    before = f", before to {event.previous_parent_id}" if event.previous_parent_id else ""
    if event.parent_company_id:
        return f"Belongs to the company {event.parent_company_id}{before}"
    return f"Belongs to no other company{before}"


@line(CompanySubsidiaryAdded)
def subsidiary_added(recorded: Recorded[CompanySubsidiaryAdded]) -> str:
    """Say which company belongs to it."""
    return f"The company {recorded.data.subsidiary_id} belongs to it"


@line(CompanySubsidiaryRemoved)
def subsidiary_removed(recorded: Recorded[CompanySubsidiaryRemoved]) -> str:
    """Say which company does no more."""
    return f"The company {recorded.data.subsidiary_id} belongs to it no more"


@line(AccountTeamMemberAssigned)
def team_joined(recorded: Recorded[AccountTeamMemberAssigned]) -> str:
    """Say who looks after the company, and as what."""
    event = recorded.data
    return f"{staff(event.user_id)} looks after the company as {TEAM[event.role]}"


@line(AccountTeamMemberUnassigned)
def team_left(recorded: Recorded[AccountTeamMemberUnassigned]) -> str:
    """Say who does no more."""
    event = recorded.data
    role = f" as {TEAM[event.role]}" if event.role else ""
    return f"{staff(event.user_id)} looks after the company no more{role}{told(event.reason)}"


@line(CompanyLifecycleChanged)
def stage_entered(recorded: Recorded[CompanyLifecycleChanged]) -> str:
    """Say in which stage the relation is, and was."""
    event = recorded.data
    before = f", before {words(event.previous)}" if event.previous else ""
    return f"The relation is {words(event.to)}{before}{told(event.reason)}"


@line(CompaniesMerged)
def companies_merged(recorded: Recorded[CompaniesMerged]) -> str:
    """Say which record goes on in which."""
    event = recorded.data
    return f"The company {event.absorbed_id} goes on as {event.kept_id}{told(event.reason)}"


@line(CompanyMergeReverted)
def companies_parted(recorded: Recorded[CompanyMergeReverted]) -> str:
    """Say that the merge is undone."""
    return f"Merge undone, the company stands alone again{told(recorded.data.reason)}"


@line(CompanyEscalationAccepted)
def escalation_accepted(recorded: Recorded[CompanyEscalationAccepted]) -> str:
    """Say who owns the pressure."""
    return pressure.owned(recorded.data, recorded.occurred_at, pressure.COMPANYS)


@line(CompanyEscalationDeclined)
def escalation_declined(recorded: Recorded[CompanyEscalationDeclined]) -> str:
    """Say why it is not taken up."""
    return pressure.declined(recorded.data, pressure.COMPANYS)


@line(CompanyEscalationUpdated)
def escalation_updated(recorded: Recorded[CompanyEscalationUpdated]) -> str:
    """Say how the pressure stands."""
    return pressure.developed(recorded.data, pressure.COMPANYS)


@line(ExecutiveBriefed)
def briefed(recorded: Recorded[ExecutiveBriefed]) -> str:
    """Say who was shown the briefing, as of which position."""
    event = recorded.data
    return f"{staff(event.user_id)} was shown the briefing as of position {event.as_of_position}"


@line(InstallationUpgraded)
def upgraded(recorded: Recorded[InstallationUpgraded]) -> str:
    """Say which version runs now."""
    event = recorded.data
    before = f"{plain(event.from_version)} → " if event.from_version else ""
    return f"Upgraded {event.installation_id}: {before}{plain(event.to_version)}"


@line(InstallationRetired)
def retired(recorded: Recorded[InstallationRetired]) -> str:
    """Say what runs no more."""
    event = recorded.data
    return f"Retired {event.installation_id}{told(event.reason)}"


@line(EntitlementAmended)
def amended(recorded: Recorded[EntitlementAmended]) -> str:
    """Say what changed of the right to support."""
    event = recorded.data
    until = f"until {day(event.valid_to, recorded.occurred_at)}" if event.valid_to else ""
    changed = listed(
        (
            f"{plain(event.level)} support" if event.level else "",
            f"{event.hours:,f} hours" if event.hours is not None else "",
            *(f"{words(t.milestone)} within {span(60 * t.minutes)}" for t in event.targets),
            until,
        )
    )
    return f"Entitlement {event.entitlement_id} changed{changed and f': {changed}'}"


@line(EntitlementExpired)
def expired(recorded: Recorded[EntitlementExpired]) -> str:
    """Say which right is over, and since when."""
    event = recorded.data
    on = f" on {day(event.valid_to, recorded.occurred_at)}" if event.valid_to else ""
    return f"Entitlement {event.entitlement_id} ended{on}"


@line(SupportHoursUsed)
def hours_used(recorded: Recorded[SupportHoursUsed]) -> str:
    """Say how many hours were counted, and for what."""
    event = recorded.data
    about = f" for {event.ticket_id}" if event.ticket_id else ""
    return f"{event.hours:,f} hours of support used{about} ({event.entitlement_id})"


@line(ContactsMerged)
def contacts_merged(recorded: Recorded[ContactsMerged]) -> str:
    """Say who is the same person as whom."""
    event = recorded.data
    return f"{contact(recorded.local_id)} is {contact(event.kept_id)}{told(event.reason)}"


@line(ContactMergeReverted)
def contacts_parted(recorded: Recorded[ContactMergeReverted]) -> str:
    """Say that they are two again."""
    return f"Merge undone, {contact(recorded.local_id)} is another{told(recorded.data.reason)}"


@line(ProductVersionReleased)
def released(recorded: Recorded[ProductVersionReleased]) -> str:
    """Say which version exists."""
    event = recorded.data
    return f"Version {plain(event.version)} of {recorded.local_id} is out{told(event.notes)}"
