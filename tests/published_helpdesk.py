"""The figures of the Italian help desk's log, recomputed from what we recorded of it."""

from collections import Counter
from itertools import pairwise
from typing import Any, Final

from domain.events.ticket import (
    TicketMovedAway,
    TicketReopened,
)
from services.adapters.ids import to_id
from tests.published import DAY, Row, Ticket, described, kept

UNANSWERABLE: Final = {
    "gz_sha256": "of the file, not of what it says",
    "csv_sha256": "of the file, not of what it says",
    "columns": "of the file, not of what it says",
}
"""Figures that what we record cannot answer, and why."""

ELSEWHERE: Final = {
    "tickets from Assign seriousness or Insert ticket to Closed": 4_479,
    "their variants, transitions, variants seen once": (193, 52, 111),
    "the three most common variants, and the first five together": (2_366, 552, 228, 3_523),
    "an activity after itself, by how often": (438, 246, 101, 96, 14),
    "median duration in days, none under 30 or over 60": (39, True),
}
"""Figures that nkwachiabel published of a part of the data set."""

LENGTHS: Final = ("min", "q25", "median", "mean", "q75", "p95", "p99", "max")
DURATIONS: Final = ("n", "min", "q25", "median", "mean", "q75", "max")


def answers(found: dict[str, Ticket]) -> dict[str, Any]:
    """Recompute what is published of the data set."""
    rows = [row for ticket in found.values() for row in ticket.rows]
    variants = [ticket.activities for ticket in found.values()]
    follows = [pair for variant in variants for pair in pairwise(variant)]
    ends = [(t.rows[0].at, t.rows[-1].at) for t in found.values()]
    repeats = [len(variant) - len(set(variant)) for variant in variants]
    return {
        "rows": len(rows),
        "cases": len(found),
        "first_event": f"{min(row.at for row in rows):%F %T}",
        "last_event": f"{max(row.at for row in rows):%F %T}",
        "activities": Counter(row.activity for row in rows),
        "variants": len(set(variants)),
        "directly_follows_pairs": len(follows),
        "distinct_directly_follows": len(set(follows)),
        "top_variants": [
            {"variant": list(variant), "cases": cases}
            for variant, cases in Counter(variants).most_common(5)
        ],
        "events_per_case": described(map(len, variants), *LENGTHS),
        "case_duration_days": described(
            ((last - first).total_seconds() / DAY for first, last in ends), *DURATIONS
        ),
        "first_activity": Counter(variant[0] for variant in variants),
        "last_activity": Counter(variant[-1] for variant in variants),
        "cases_with_wait": sum("Wait" in variant for variant in variants),
        "wait_events": sum(variant.count("Wait") for variant in variants),
        "rework_cases": sum(repeat > 0 for repeat in repeats),
        "rework_events": sum(repeats),
        **_customers(found),
        **_reopened(found),
        **_copies(found),
        "products": len(_products(found)),
        "resources": len({step.actor for ticket in found.values() for step in ticket.steps()}),
    }


def _customers(found: dict[str, Ticket]) -> dict[str, Any]:
    first = Counter(str(ticket.opening.company) for ticket in found.values())
    every = {step.company for ticket in found.values() for step in ticket.steps()}
    moved = [
        str(ticket.opened.number)
        for ticket in found.values()
        if any(isinstance(step.event, TicketMovedAway) for step in ticket.steps())
    ]
    return {
        "customers_all_rows": len(every),
        "customers_by_first_event": len(first),
        "cases_with_more_than_one_customer": sorted(moved),
        "tickets_per_customer_top10": {
            company.replace("customer-", "Value "): cases
            for company, cases in first.most_common(10)
        },
        "tickets_per_customer": described(first.values(), *LENGTHS),
        "customers_with_one_ticket": sum(cases == 1 for cases in first.values()),
    }


def _reopened(found: dict[str, Ticket]) -> dict[str, int]:
    times = [
        sum(isinstance(step.event, TicketReopened) for step in ticket.steps())
        for ticket in found.values()
    ]
    return {
        "times_left_resolve_or_closed": sum(times),
        "cases_left_resolve_or_closed": sum(time > 0 for time in times),
    }


def _copies(found: dict[str, Ticket]) -> dict[str, int]:
    """Count rows of the second of the row before, and those that also say the same."""
    pairs = [pair for ticket in found.values() for pair in pairwise(ticket.rows)]
    same = [(before, row) for before, row in pairs if before.at == row.at]
    return {
        "same_case_same_timestamp": len(same),
        "exact_duplicate_rows": sum(_repeats(before, row) for before, row in same),
    }


def _repeats(before: Row, row: Row) -> bool:
    who = {step.actor for step in (*before.steps, *row.steps)}
    return before.activity == row.activity and len(who) == 1 and not kept(row)


def _products(found: dict[str, Ticket]) -> set[str | None]:
    products = {ticket.opened.product_id for ticket in found.values()}
    for ticket in found.values():
        for row in ticket.rows:
            if change := kept(row).get("product"):
                products.add(to_id(str(change.new), "product-", "Value "))
    return products


def answers_elsewhere(found: dict[str, Ticket]) -> dict[str, Any]:
    """Recompute what others published."""
    begins = {"Assign seriousness", "Insert ticket"}
    whole = [
        ticket
        for ticket in found.values()
        if ticket.activities[0] in begins and ticket.activities[-1] == "Closed"
    ]
    variants = Counter(ticket.activities for ticket in whole)
    follows = Counter(pair for ticket in whole for pair in pairwise(ticket.activities))
    common = [cases for _, cases in variants.most_common(5)]
    days = [(t.rows[-1].at - t.rows[0].at).total_seconds() / DAY for t in whole]
    itself = sorted((n for (a, b), n in follows.items() if a == b), reverse=True)
    ours = (
        len(whole),
        (len(variants), len(follows), sum(cases == 1 for cases in variants.values())),
        (*common[:3], sum(common)),
        tuple(itself[:5]),
        (int(described(days, "median")["median"]), min(days) >= 30 and max(days) <= 60),
    )
    return dict(zip(ELSEWHERE, ours, strict=True))
