"""The portfolio: every company with what it is worth, and which revenue is exposed, by which rule.

The sums are raw: what each company was said to be worth, once, in its own currency.  Nothing is
converted, weighed or foretold.  Records that were merged are one company: what was said of each
of them counts, once, in the row of the one that is kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from projections.dossier.standing import is_known
from projections.dossier.union import merged_with
from projections.dossier.view import name_of, next_renewal, worth_at
from projections.worth import STATED

Document = Mapping[str, Any]
Entry = dict[str, Any]

RULES: Final = {
    "severe_ticket": "an open ticket of severity 1 or 2",
    "open_escalation": "an escalation that is neither resolved nor declined",
}
"""What exposes a company's revenue."""

RANK: Final = tuple(RULES)

SOON: Final = 90
"""Days within which a renewal is near."""

UNKNOWN: Final = 1_000
"""Exposed companies of no known worth that are named, at most; they are all counted."""


class Company(NamedTuple):
    """A company in the portfolio: how the records stand that are one with it, its own first.

    Attributes:
        arr: What it is worth a year, by currency; ``None`` if that is not known.
    """

    records: list[Document]
    arr: dict[str, str] | None

    @property
    def company_id(self) -> str:
        """The record that is kept."""
        return str(self.records[0]["company"]["company_id"])

    @property
    def is_exposed(self) -> bool:
        """Whether any rule applies to any of its records."""
        stand = (record["company"] for record in self.records)
        return any(company["severe"] or company["escalations"]["open"] for company in stand)


def portfolio(standings: Iterable[Document], now: datetime) -> list[Company]:
    """Put companies in order: exposed ones first, and of those the ones that are worth most.

    Args:
        standings: How each company stands, as `projections.dossier.standings` gives it.
        now: As of when; its day says what is valid.
    """
    known = {one["company"]["company_id"]: one for one in standings if is_known(one)}
    together: dict[str, list[Document]] = defaultdict(list)
    for company_id in sorted(known):
        kept = _kept(company_id, known)
        place = 0 if kept == company_id else len(together[kept])
        together[kept].insert(place, known[company_id])
    found = (
        Company(records, _total(filter(None, (worth_at(one, now) for one in records)), "arr"))
        for records in together.values()
    )
    return sorted(found, key=_order)


def exposed(found: Sequence[Entry]) -> Entry:
    """Sum what is exposed, by currency and by how near the renewal is.

    Companies of which no ARR is known are in no sum, and listed apart.

    Args:
        found: The rows of the companies that are exposed.
    """
    unknown = sorted(row["company_id"] for row in found if row["arr"] is None)
    currencies = sorted({currency for row in found for currency in row["arr"] or ()})
    return {
        "companies": len(found),
        "sums": [_sum(currency, found) for currency in currencies],
        "not_known": {"companies": len(unknown), "company_ids": unknown[:UNKNOWN]},
    }


def row(company: Company, now: datetime) -> Entry:
    """Tell of one company what it is worth, when it renews, and what exposes it.

    Args:
        now: As of when; its day says what is valid, and how far the renewal is away.
    """
    own, records = company.records[0], company.records
    because = [reason for record in records for reason in _reasons(record["company"])]
    because.sort(
        key=lambda r: (RANK.index(r["rule"]), r["severity"] or 9, r["since"] or "~", r["id"])
    )
    rules = [reason["rule"] for reason in because]
    values = [
        {"company_id": record["company"]["company_id"], **{n: stated[n] for n in STATED}}
        for record in records
        if (stated := worth_at(record, now))
    ]
    return {
        "company_id": company.company_id,
        "name": name_of(own),
        "tier": own["company"]["profile"]["tier"],
        "absorbed": [record["company"]["company_id"] for record in records[1:]],
        "arr": company.arr,
        "ltv": _total(values, "ltv"),
        "values": values,
        "renewal": _renewal(records, now),
        "open_tickets": sum(record["company"]["open_now"] for record in records),
        "severe_tickets": rules.count("severe_ticket"),
        "open_escalations": rules.count("open_escalation"),
        "exposed": company.is_exposed,
        "because": because,
    }


def _kept(company_id: str, known: Mapping[str, Document]) -> str:
    """Say as which company a record goes on, as far as one may read it."""
    seen = {company_id}
    while (above := merged_with(known[company_id])) in known and above not in seen:
        company_id = str(above)
        seen.add(company_id)
    return company_id


def _reasons(company: Entry) -> Iterator[Entry]:
    """Yield what exposes the revenue of a company, each with the events that tell it."""
    of = {"company_id": company["company_id"]}
    for ticket in company["severe"].values():
        yield {
            "rule": "severe_ticket", **of, "id": ticket["ticket_id"],
            "ticket_id": ticket["ticket_id"], "severity": ticket["severity"],
            "since": ticket["since"], "event_ids": ticket["event_ids"],
        }  # fmt: skip
    for raised in company["escalations"]["open"].values():
        yield {
            "rule": "open_escalation", **of, "id": raised["id"],
            "ticket_id": raised["ticket_id"], "severity": raised["severity"],
            "since": raised["raised_at"], "event_ids": raised["event_ids"],
        }  # fmt: skip


def _renewal(records: list[Document], now: datetime) -> Entry | None:
    """Find the next renewal of any of the records, or the last one that was due."""
    every = {
        (record["company"]["company_id"], contract): renewal
        for record in records
        for contract, renewal in record["company"]["renewals"].items()
    }
    found = next_renewal({"company": {"renewals": every}}, now)
    if found is None:
        return None
    days = (date.fromisoformat(found["renews_on"]) - now.date()).days
    told = ("contract_id", "renews_on", "amount", "currency", "event_id")
    return {**{name: found[name] for name in told}, "days": days}


def _total(values: Iterable[Document], name: str) -> dict[str, str] | None:
    """Add up what is known, by currency; ``None`` if nothing is."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for stated in values:
        if stated[name] is not None:
            found[stated["currency"]] += Decimal(stated[name])
    return {currency: f"{amount:f}" for currency, amount in sorted(found.items())} or None


def _sum(currency: str, rows: Sequence[Entry]) -> Entry:
    parts: dict[str, list[Decimal]] = {"within_90_days": [], "later": [], "not_known": []}
    for row in rows:
        if currency in (row["arr"] or ()):
            parts[_when(row["renewal"])].append(Decimal(row["arr"][currency]))
    amounts = [amount for part in parts.values() for amount in part]
    return {
        "currency": currency,
        "arr": f"{sum(amounts, Decimal()):f}",
        "companies": len(amounts),
        "renewal": {
            part: {"arr": f"{sum(found, Decimal()):f}", "companies": len(found)}
            for part, found in parts.items()
        },
    }


def _when(renewal: Entry | None) -> str:
    """Say how near a renewal is; one that has passed says nothing of the next."""
    if renewal is None or renewal["days"] < 0:
        return "not_known"
    return "within_90_days" if renewal["days"] <= SOON else "later"


def _order(company: Company) -> tuple[bool, Decimal, str]:
    """Put exposed ones first, then by worth; of several currencies the bare numbers count."""
    worth = max(map(Decimal, (company.arr or {}).values()), default=Decimal(-1))
    return not company.is_exposed, -worth, company.company_id
