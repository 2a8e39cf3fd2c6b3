"""How a company stands with us: profile, domains, parent, team, merges, pressure on management.

Merges are pointers: each of the two companies keeps its own stream, and says so in it.
"""

from typing import Literal
from uuid import UUID

from domain.events.base import CompanyText, Event, Part, event
from domain.values import Code, CompanyId, Id, Moment, Number, Trend, UserId

Lifecycle = Literal["prospect", "active", "at_risk", "churned"]
TeamRole = Literal["csm", "ae", "tam", "exec_sponsor"]
"""Customer success manager, account executive, technical account manager, our sponsor."""


class ProfileChange(Part):
    """One field of the profile that changed; empty `old` or `new` = it was not set, or is no more.

    Attributes:
        field: Such as ``name``, ``tier``, ``industry`` or ``country``.
    """

    field: Code
    old: Code | None = None
    new: Code | None = None


@event("company.profile_changed")
class CompanyProfileChanged(Event):
    """What is said of the company itself changed; a new ``name`` or ``tier`` is its name or tier.

    The name of a company of kind ``individual`` is its contact's, and changes there.
    """

    changes: tuple[ProfileChange, ...]
    reason: CompanyText | None = None


@event("company.domain_claimed")
class CompanyDomainClaimed(Event):
    """Whoever writes from this mail domain belongs to the company.

    Attributes:
        verified_by: How that is known, such as ``dns`` or ``contract``.
    """

    domain: Code
    verified_by: Code | None = None


@event("company.domain_released")
class CompanyDomainReleased(Event):
    """The mail domain says nothing of the company any more."""

    domain: Code


@event("company.parent_set")
class CompanyParentSet(Event):
    """The company belongs to another one, or, where `parent_company_id` is empty, to none.

    Attributes:
        previous_parent_id: Set by the desk.
    """

    parent_company_id: CompanyId | None = None
    previous_parent_id: CompanyId | None = None


@event("company.subsidiary_added")
class CompanySubsidiaryAdded(Event):
    """Another company belongs to this one; recorded by the desk after ``company.parent_set``."""

    subsidiary_id: CompanyId


@event("company.subsidiary_removed")
class CompanySubsidiaryRemoved(Event):
    """The other one does not any more; recorded by the desk after ``company.parent_set``."""

    subsidiary_id: CompanyId


@event("company.account_team_member_assigned")
class AccountTeamMemberAssigned(Event):
    """One of ours looks after the company, in a role."""

    user_id: UserId
    role: TeamRole


@event("company.account_team_member_unassigned")
class AccountTeamMemberUnassigned(Event):
    """One of ours does not look after it any more.

    Attributes:
        role: The role that ended; empty for all of that person's.
    """

    user_id: UserId
    role: TeamRole | None = None
    reason: CompanyText | None = None


@event("company.lifecycle_changed")
class CompanyLifecycleChanged(Event):
    """The relation entered another stage."""

    previous: Lifecycle | None = None
    to: Lifecycle
    reason: CompanyText | None = None


@event("company.merged")
class CompaniesMerged(Event):
    """Two records are one company; recorded on both, and neither is rewritten.

    The publisher reports it on either of the two; the desk adds it to the other.
    """

    kept_id: CompanyId
    absorbed_id: CompanyId
    reason: CompanyText | None = None


@event("company.merge_reverted")
class CompanyMergeReverted(Event):
    """The merge is undone, on both; each company holds its own again.

    Attributes:
        merge_event_id: The ``company.merged`` of the same stream.
    """

    merge_event_id: UUID
    reason: CompanyText | None = None


@event("company.escalation_accepted")
class CompanyEscalationAccepted(Event):
    """Somebody of ours owns the pressure about the whole relation."""

    escalation_id: Id
    owner_id: UserId
    due_at: Moment | None = None


@event("company.escalation_declined")
class CompanyEscalationDeclined(Event):
    """Management does not take it up, and says why."""

    escalation_id: Id
    reason: CompanyText


@event("company.escalation_updated")
class CompanyEscalationUpdated(Event):
    """How the pressure stands, and who follows it.

    Attributes:
        watchers: All who follow it from now on; empty: as before.
    """

    escalation_id: Id
    trend: Trend | None = None
    note: CompanyText | None = None
    watchers: tuple[UserId, ...] = ()


@event("company.executive_briefed")
class ExecutiveBriefed(Event):
    """One of ours was shown the company's briefing: what was shown can be computed again.

    Attributes:
        as_of_position: The position as of which the card was made.
        card_digest: Of the card, before names were filled in.
        as_of: The time as of which it was made; its position and this make it again.
    """

    user_id: UserId
    as_of_position: Number
    card_digest: Code
    as_of: Moment | None = None


AnyAccountEvent = (
    CompanyProfileChanged
    | CompanyDomainClaimed
    | CompanyDomainReleased
    | CompanyParentSet
    | CompanySubsidiaryAdded
    | CompanySubsidiaryRemoved
    | AccountTeamMemberAssigned
    | AccountTeamMemberUnassigned
    | CompanyLifecycleChanged
    | CompaniesMerged
    | CompanyMergeReverted
    | CompanyEscalationAccepted
    | CompanyEscalationDeclined
    | CompanyEscalationUpdated
    | ExecutiveBriefed
)
