"""Several companies as one: records that were merged, a parent with its subsidiaries.

Nothing is rewritten: a union is made when it is read, and a merge that is undone leaves no
trace.  Law: combining the folds of two sets of events is the fold of both sets, in any order,
and each company counts once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from projections.dossier.record import RECENT, Entry
from projections.dossier.view import ties_at, worth_at

Document = Mapping[str, Any]
Union = dict[str, Document]
"""The documents of companies, by their ids."""

ROLES: Final = ("decision_maker", "champion", "admin", "end_user", "exec_sponsor")
"""Those that a relation should know somebody in."""


def union(documents: Iterable[Document]) -> Union:
    """Put the documents of companies side by side, each company once."""
    return {document["company"]["company_id"]: document for document in documents}


def combine(*unions: Union) -> Union:
    """Join unions; what stands in several stands in the result once."""
    return {company: document for each in unions for company, document in sorted(each.items())}


def members_of(document: Document) -> set[str]:
    """Name the companies that count as one with this one: its subsidiaries, and merged records."""
    company = document["company"]
    merged = {each[side] for each in company["merges"] for side in ("kept_id", "absorbed_id")}
    return (merged | set(company["subsidiaries"])) - {company["company_id"]}


def merged_with(document: Document) -> str | None:
    """Name the company that this record was merged into, if it was."""
    company = document["company"]
    kept = [each["kept_id"] for each in company["merges"]
            if each["absorbed_id"] == company["company_id"]]  # fmt: skip
    return kept[-1] if kept else None


def shown(companies: Union, now: datetime) -> Entry:
    """Tell of several companies what can be told of them together."""
    documents = [document for _, document in sorted(companies.items())]
    records = [document["company"] for document in documents]
    return {
        "companies": sorted(companies),
        "tickets": _sum(record["tickets"] for record in records),
        "open_tickets": {
            ticket: held
            for document in documents
            for ticket, held in sorted(document["open_tickets"].items())
        },
        "resolved": _latest(records),
        "value": _worth(companies, now),
        "seats": _sum(
            {product: known["seats"] for product, known in record["licences"].items()}
            for record in records
        ),
        "promises": {
            "open": {key: entry for r in records for key, entry in r["promises"]["open"].items()},
            "counts": _sum(record["promises"]["counts"] for record in records),
        },
        "asked": _sum(
            {name: record["asked"][name] for name in ("requests", "again")} for record in records
        ),
        "relations": _relations(records),
        "last_contact": max(
            (record["last_contact"] for record in records if record["last_contact"]),
            key=lambda contact: (contact["at"], contact["event_id"]), default=None,
        ),
        "roles": roles(documents, now),
    }  # fmt: skip


def roles(documents: Iterable[Document], now: datetime) -> Entry:
    """Say in which roles somebody is known, and in which nobody is."""
    covered: dict[str, list[str]] = {}
    for document in documents:
        for person, tie in sorted(ties_at(document, now).items()):
            if tie and tie["role"] and person not in covered.get(tie["role"], []):
                covered.setdefault(tie["role"], []).append(person)
    return {"covered": covered, "missing": [role for role in ROLES if role not in covered]}


def relations_of(company: Entry) -> list[Entry]:
    """List who of ours knows whom there, the most touches first."""
    found = [
        {"agent": agent, "contact_id": contact, **known}
        for agent, people in company["relations"].items()
        for contact, known in people.items()
    ]
    return sorted(found, key=lambda tie: (-tie["touches"], tie["agent"], tie["contact_id"]))


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))


def _latest(records: Iterable[Entry]) -> list[Entry]:
    found = [each for record in records for each in record["resolved"]]
    found.sort(key=lambda e: (e["resolved_at"] or e["closed_at"] or "", e["ticket_id"]))
    return found[::-1][:RECENT]


def _worth(companies: Union, now: datetime) -> list[Entry]:
    """Tell what each was said to be worth; of whom nothing was, that is said apart."""
    found = ((company, worth_at(document, now)) for company, document in sorted(companies.items()))
    return [{"company_id": company, "stated": stated} for company, stated in found]


def _relations(records: Iterable[Entry]) -> dict[str, dict[str, Entry]]:
    total: dict[str, dict[str, Entry]] = {}
    for record in records:
        for agent, people in record["relations"].items():
            known = total.setdefault(agent, {})
            for contact, tie in people.items():
                had = known.get(contact, {"touches": 0, "last_at": "", "event_id": ""})
                last = max(had, tie, key=lambda each: (each["last_at"], each["event_id"]))
                known[contact] = {**last, "touches": had["touches"] + tie["touches"]}
    return total
