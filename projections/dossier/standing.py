"""How a company stands, in short: what it is worth, when it renews, what presses.

It is the company's document without all that is long, so what is asked of a document
(`projections.dossier.view`) can be asked of it.  There is no text in it that is sealed: who may
read of the company may read it.
"""

from collections.abc import Mapping
from typing import Final

from projections.dossier.record import Dossier, Entry

PROFILE: Final = ("name", "kind", "tier")
RENEWAL: Final = ("contract_id", "renews_on", "amount", "currency", "at", "event_id")
ESCALATION: Final = ("id", "scope", "ticket_id", "severity", "state", "raised_at", "event_ids")
MERGE: Final = ("kept_id", "absorbed_id", "event_id")


def standing(company: Dossier) -> Entry:
    """Cut a company's record down to how it stands."""
    escalations = company.escalations["open"].items()
    return {"company": {
        "company_id": company.company_id,
        "profile": _part(company.profile, PROFILE) if company.profile else None,
        "value": company.value,
        "renewals": {
            contract: _part(renewal, RENEWAL) for contract, renewal in company.renewals.items()
        },
        "tickets": company.tickets,
        "severe": company.severe,
        "escalations": {"open": {key: _part(told, ESCALATION) for key, told in escalations}},
        "merges": [_part(merge, MERGE) for merge in company.merges],
    }}  # fmt: skip


def _part(entry: Mapping[str, object], names: tuple[str, ...]) -> Entry:
    return {name: entry.get(name) for name in names}
