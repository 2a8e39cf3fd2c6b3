"""What a company's own events tell: who it is, its people, what it bought, runs and is owed."""

from typing import Final

from domain.events import Event, Recorded
from domain.events.base import Part
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
from domain.values import rfc3339
from projections.dossier.ledgers import enter, found
from projections.dossier.record import Dossier, Entry
from projections.ticket_record import BLANKS

FOLDED: Final = (
    CompanyRegistered, ContactAffiliated, ContactAffiliationEnded, PurchaseRecorded,
    ProductInstalled, InstallationConfigured, LicencesChanged, EntitlementGranted,
    CompanyValueStated, RenewalScheduled, FactLearned, CompanyEscalationRaised,
    CompanyEscalationResolved,
)  # fmt: skip
"""The events that are folded here; a test holds them against all there are."""


def told(company: Dossier, recorded: Recorded[Event], position: int) -> None:
    """Take over one event of the company's own stream."""
    at, event_id = rfc3339(recorded.occurred_at), str(recorded.event_id)
    mark: Entry = {"at": at, "event_id": event_id}
    match recorded.data:
        case CompanyRegistered() as registered:
            _registered(company, registered, mark)
        case ContactAffiliated() | ContactAffiliationEnded() as tie:
            _tied(company.people.setdefault(tie.contact_id, []), tie, mark)
        case PurchaseRecorded() | RenewalScheduled() as sold:
            _sold(company, sold, recorded, mark)
        case ProductInstalled() | InstallationConfigured() as installed:
            _installed(_installation(company, installed.installation_id), installed, mark)
        case LicencesChanged() as licences:
            known = company.licences.setdefault(licences.product_id, {"seats": 0, "history": []})
            known["seats"] = licences.seats_after
            known["history"].append({
                **mark, "before": licences.seats_before, "after": licences.seats_after,
                "contract_id": licences.contract_id,
            })  # fmt: skip
        case EntitlementGranted() as right:
            company.entitlements[right.entitlement_id] = {**mark, **_right(right)}
        case CompanyValueStated() as worth:
            _stated(company.value, {**mark, **plain(worth)})
        case FactLearned() as fact:
            _learned(company, fact, recorded, {**mark, "position": position})
        case CompanyEscalationRaised() | CompanyEscalationResolved() as pressure:
            _pressed(company, pressure, recorded, mark)
        case _:
            pass


def plain(part: Part) -> Entry:
    """Write the fields of an event, or of a part of one, as JSON values."""
    return part.model_dump(mode="json")


def _registered(company: Dossier, registered: CompanyRegistered, mark: Entry) -> None:
    """Keep what it was registered with; what a later registration leaves out stays."""
    known = company.profile or {"registered_at": mark["at"]}
    said = plain(registered)
    kept = {name: value for name, value in said.items() if value or name not in known}
    company.profile = {**known, **kept, **mark}


def _tied(ties: list[Entry], tie: ContactAffiliated | ContactAffiliationEnded, mark: Entry) -> None:
    """Close the tie that lasts, if a new role or an end does so, and open a new one."""
    day = mark["at"][:10]
    lasting = ties[-1] if ties and ties[-1]["valid_to"] is None else None
    match tie:
        case ContactAffiliated():
            since = tie.valid_from.isoformat() if tie.valid_from else None
            if lasting and (lasting["valid_from"] or "") < (since or day):
                lasting["valid_to"] = since or day
            elif lasting:
                ties.pop()
            ties.append({
                **mark, "role": tie.role, "title": tie.title, "vip": tie.vip, "valid_from": since,
                "valid_to": None, "reason": None, "ended_by": None,
            })  # fmt: skip
        case ContactAffiliationEnded():
            if lasting is None:
                lasting = {**mark, "role": None, "title": None, "vip": False, "valid_from": None}
                ties.append(lasting)
            until = tie.valid_to.isoformat() if tie.valid_to else day
            lasting.update(valid_to=until, reason=tie.reason, ended_by=mark["event_id"])


def _sold(
    company: Dossier,
    sold: PurchaseRecorded | RenewalScheduled,
    recorded: Recorded[Event],
    mark: Entry,
) -> None:
    match sold:
        case PurchaseRecorded():
            known = company.purchases.setdefault(sold.contract_id, {"lines": [], "stages": []})
            said = {name: value for name, value in plain(sold).items() if value}
            known.update(said, source=recorded.source.system, **mark)
            known["stages"].append({**mark, "stage": sold.stage})
        case RenewalScheduled():
            said = {**plain(sold), **mark}
            moved = company.renewals.get(sold.contract_id, {}).get("moves", [])
            step = {**mark, "renews_on": said["renews_on"]}
            company.renewals[sold.contract_id] = {**said, "moves": [*moved, step]}


def _installation(company: Dossier, installation_id: str) -> Entry:
    return company.installations.setdefault(installation_id, {
        "product_id": None, "version": None, "environment": None, "retired_at": None,
        "settings": {}, "changes": [], "versions": [],
    })  # fmt: skip


def _installed(
    known: Entry, installed: ProductInstalled | InstallationConfigured, mark: Entry
) -> None:
    match installed:
        case ProductInstalled():
            known["product_id"] = installed.product_id
            known["environment"] = installed.environment or known["environment"]
            known["retired_at"] = None
            if installed.version or not known["versions"]:
                known["version"] = installed.version
                known["versions"].append({**mark, "version": installed.version})
        case InstallationConfigured():
            for change in installed.changes:
                known["changes"].append({**mark, **plain(change)})
                if change.new is None:
                    known["settings"].pop(change.key, None)
                else:
                    known["settings"][change.key] = {**mark, "value": change.new}


def _right(right: EntitlementGranted) -> Entry:
    return {**plain(right), "state": "granted", "ended_at": None, "event_ids": []}


def _stated(statements: list[Entry], worth: Entry) -> None:
    """Put a statement in its place by the day from which it holds; a later word comes after."""
    place = len(statements)
    while place and statements[place - 1]["valid_from"] > worth["valid_from"]:
        place -= 1
    statements.insert(place, worth)


def _learned(company: Dossier, fact: FactLearned, recorded: Recorded[Event], mark: Entry) -> None:
    whom = fact.contact_id if fact.about == "contact" else fact.installation_id
    source = fact.learned_from or recorded.source.system
    key = f"{fact.about}/{whom or ''}/{fact.fact_key}"
    first = company.facts.get(key, {}).get("first", mark)
    company.facts[key] = {
        **mark, **plain(fact), "learned_from": source,
        "first": min(first, mark, key=lambda told: told["position"]),
    }  # fmt: skip


def _pressed(
    company: Dossier,
    pressure: CompanyEscalationRaised | CompanyEscalationResolved,
    recorded: Recorded[Event],
    mark: Entry,
) -> None:
    """Enter an escalation of the whole relation."""
    key = f"company/{pressure.escalation_id}"
    known = found(company.escalations, key) or {**BLANKS["escalations"], "scope": "company"}
    said = {name: value for name, value in plain(pressure).items() if value}
    match pressure:
        case CompanyEscalationRaised():
            said |= {"raised_at": mark["at"], "by": recorded.actor}
        case CompanyEscalationResolved():
            said |= {"state": "resolved", "resolved_at": mark["at"]}
    was = known["state"] if "id" in known else None
    entry = {**known, **said, "id": pressure.escalation_id}
    enter(company.escalations, key, entry, mark["event_id"], was)
