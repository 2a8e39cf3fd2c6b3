"""How a company stands with us: profile, parent and subsidiaries, our team, stage, pressure."""

from typing import Final, assert_never

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
from domain.events.company import (
    CompanyEscalationRaised,
    CompanyEscalationResolved,
    CompanyRegistered,
)
from projections.dossier.ledgers import enter, found
from projections.dossier.marks import Mark, given, plain
from projections.dossier.record import Dossier, Entry, append
from projections.ticket_record import BLANKS

BRIEFINGS: Final = 5
"""The last times that one of ours was shown the card, and that are kept."""

Profiled = CompanyRegistered | CompanyProfileChanged | CompanyDomainClaimed | CompanyDomainReleased
Standing = (
    CompanyParentSet
    | CompanySubsidiaryAdded
    | CompanySubsidiaryRemoved
    | AccountTeamMemberAssigned
    | AccountTeamMemberUnassigned
    | CompanyLifecycleChanged
    | CompaniesMerged
    | CompanyMergeReverted
    | ExecutiveBriefed
)
Pressure = (
    CompanyEscalationRaised
    | CompanyEscalationResolved
    | CompanyEscalationAccepted
    | CompanyEscalationDeclined
    | CompanyEscalationUpdated
)


def profiled(company: Dossier, event: Profiled, mark: Mark) -> None:
    """Take over what is said of the company itself."""
    known = company.profile or {
        **mark.entry, "registered_at": None, "name": None, "kind": None, "contact_id": None,
        "tier": None, "domains": [], "external_ids": [], "more": {},
    }  # fmt: skip
    match event:
        case CompanyRegistered():  # what a second registration leaves out stays
            known = {**known, **given(event), "registered_at": known["registered_at"] or mark.at}
            known["domains"] = [*dict.fromkeys(map(_domain, known["domains"]))]
        case CompanyProfileChanged():
            for change in event.changes:
                if change.field in ("name", "tier"):
                    known[change.field] = change.new
                else:
                    known["more"] = {**known["more"], change.field: change.new}
        case CompanyDomainClaimed():
            known["domains"] = [*dict.fromkeys((*known["domains"], _domain(event.domain)))]
        case CompanyDomainReleased():
            released = _domain(event.domain)
            known["domains"] = [each for each in known["domains"] if each != released]
        case _ as never:
            assert_never(never)
    company.profile = {**known, **mark.entry}


def _domain(domain: str) -> str:
    """Write a mail domain in its one form, as the directory has it."""
    return domain.strip().lower()


def stood(company: Dossier, event: Standing, mark: Mark) -> None:
    """Take over how the company stands with us, and to other companies."""
    match event:
        case CompanyParentSet(parent_company_id=parent):
            company.parents.append({**mark.entry, "parent_company_id": parent})
        case CompanySubsidiaryAdded(subsidiary_id=subsidiary):
            company.subsidiaries[subsidiary] = mark.entry
        case CompanySubsidiaryRemoved(subsidiary_id=subsidiary):
            company.subsidiaries.pop(subsidiary, None)
        case AccountTeamMemberAssigned():
            _leave(company, event, mark)
            company.team.append({**mark.entry, **plain(event), "until": None, "ended_by": None})
        case AccountTeamMemberUnassigned():
            _leave(company, event, mark)
        case CompanyLifecycleChanged():
            append(company.lifecycle, {**mark.entry, **plain(event)})
        case CompaniesMerged():
            company.merges.append({**mark.entry, **plain(event)})
        case CompanyMergeReverted(merge_event_id=merge):
            company.merges = [each for each in company.merges if each["event_id"] != str(merge)]
        case ExecutiveBriefed():
            told = {**mark.entry, **plain(event)}
            company.briefings = [told, *company.briefings][:BRIEFINGS]
        case _ as never:
            assert_never(never)


def pressed(company: Dossier, event: Pressure, mark: Mark) -> None:
    """Enter how an escalation of the whole relation stands."""
    key = f"company/{event.escalation_id}"
    known = found(company.escalations, key)
    entry: Entry = {**BLANKS["escalations"], **(known or {}), **given(event)}
    entry |= {"id": event.escalation_id, "scope": "company", "updated_at": mark.at}
    entry.pop("escalation_id", None)
    match event:
        case CompanyEscalationRaised():
            entry |= {"raised_at": mark.at, "by": mark.actor}
        case CompanyEscalationAccepted():
            entry |= {"owner_due_at": entry.pop("due_at", None)}
            entry["state"] = "accepted" if entry["state"] == "raised" else entry["state"]
        case CompanyEscalationDeclined():
            entry |= {"state": "declined", "declined_at": mark.at}
            entry |= {"declined_because": event.reason, "reason": (known or {}).get("reason")}
        case CompanyEscalationResolved():
            entry |= {"state": "resolved", "resolved_at": mark.at}
        case CompanyEscalationUpdated():
            pass
        case _ as never:
            assert_never(never)
    enter(company.escalations, key, entry, mark.event_id, known["state"] if known else None)


def _leave(
    company: Dossier, event: AccountTeamMemberAssigned | AccountTeamMemberUnassigned, mark: Mark
) -> None:
    """End the roles of one of ours that the event ends, or begins anew."""
    for member in company.team:
        is_same = member["user_id"] == event.user_id and event.role in (None, member["role"])
        if is_same and member["until"] is None:
            member.update(until=mark.at, ended_by=mark.event_id)
