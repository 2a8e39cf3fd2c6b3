"""What a company bought, runs and is entitled to: each with its history and its events."""

from decimal import Decimal
from typing import assert_never

from domain.events.assets import (
    EntitlementAmended,
    EntitlementExpired,
    InstallationRetired,
    InstallationUpgraded,
    SupportHoursUsed,
)
from domain.events.company import (
    EntitlementGranted,
    InstallationConfigured,
    LicencesChanged,
    ProductInstalled,
    PurchaseRecorded,
    RenewalScheduled,
)
from projections.dossier.ledgers import EVIDENCE
from projections.dossier.marks import Mark, given, plain
from projections.dossier.record import Dossier, Entry, append


def sold(
    company: Dossier, sale: PurchaseRecorded | RenewalScheduled | LicencesChanged, mark: Mark
) -> None:
    """Take over a sale or a step towards one, a renewal, a change of seats."""
    match sale:
        case PurchaseRecorded():
            blank: Entry = {"lines": [], "sold_by": None, "stages": []}
            known = company.purchases.setdefault(sale.contract_id, blank)
            known.update(given(sale), source=mark.system, **mark.entry)
            append(known["stages"], {**mark.entry, "stage": sale.stage})
        case RenewalScheduled():
            moves = company.renewals.get(sale.contract_id, {}).get("moves", [])
            told = {**mark.entry, **plain(sale)}
            append(moves, {**mark.entry, "renews_on": told["renews_on"]})
            company.renewals[sale.contract_id] = {**told, "moves": moves}
        case LicencesChanged():
            known = company.licences.setdefault(sale.product_id, {"seats": 0, "history": []})
            known["seats"] = sale.seats_after
            append(known["history"], {
                **mark.entry, "before": sale.seats_before, "after": sale.seats_after,
                "contract_id": sale.contract_id,
            })  # fmt: skip


def installed(
    company: Dossier,
    event: ProductInstalled | InstallationConfigured | InstallationUpgraded | InstallationRetired,
    mark: Mark,
) -> None:
    """Take over what became of an installation."""
    known = company.installations.setdefault(event.installation_id, {
        "product_id": None, "version": None, "environment": None, "retired_at": None,
        "retired_by": None, "settings": {}, "changes": [], "versions": [],
        "earlier": {"until": None, "settings": {}},
    })  # fmt: skip
    match event:
        case ProductInstalled():
            known["product_id"] = event.product_id
            known["environment"] = event.environment or known["environment"]
            known["retired_at"] = known["retired_by"] = None
            if event.version or not known["versions"]:
                _runs(known, event.version, mark)
        case InstallationUpgraded():
            _runs(known, event.to_version, mark)
        case InstallationRetired():
            known.update(retired_at=mark.at, retired_by=mark.event_id)
        case InstallationConfigured():
            _configured(known, event, mark)
        case _ as never:
            assert_never(never)


def entitled(
    company: Dossier,
    event: EntitlementGranted | EntitlementAmended | EntitlementExpired | SupportHoursUsed,
    mark: Mark,
) -> None:
    """Take over what became of a right to support."""
    known = company.entitlements.setdefault(event.entitlement_id, {
        **mark.entry, "entitlement_id": event.entitlement_id, "level": None, "targets": [],
        "calendar_id": None, "hours": None, "hours_used": "0", "valid_from": None,
        "valid_to": None, "state": "granted", "event_ids": [],
    })  # fmt: skip
    if len(known["event_ids"]) == EVIDENCE:
        del known["event_ids"][1]  # how it began is kept, and the last that became of it
    known["event_ids"].append(mark.event_id)
    match event:
        case EntitlementGranted():
            known.update(plain(event), state="granted", **mark.entry)
        case EntitlementAmended():
            known.update(given(event), **mark.entry)
        case EntitlementExpired():
            until = event.valid_to.isoformat() if event.valid_to else mark.day
            known.update(state="expired", valid_to=until, **mark.entry)
        case SupportHoursUsed():
            known["event_ids"].pop()  # counted, not listed: there may be many
            known["hours_used"] = f"{Decimal(known['hours_used']) + event.hours:f}"
        case _ as never:
            assert_never(never)


def _runs(known: Entry, version: str | None, mark: Mark) -> None:
    known["version"] = version
    append(known["versions"], {**mark.entry, "version": version})


def _configured(known: Entry, event: InstallationConfigured, mark: Mark) -> None:
    """Take over changes of settings; of those kept no more, what they led to."""
    for change in event.changes:
        if change.new is None:
            known["settings"].pop(change.key, None)
        else:
            known["settings"][change.key] = {**mark.entry, "value": change.new}
    changes = ({**mark.entry, **plain(change)} for change in event.changes)
    for older in append(known["changes"], *changes):
        known["earlier"]["until"] = older["at"]
        known["earlier"]["settings"][older["key"]] = older["new"]
