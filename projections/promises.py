"""Promises: kept, broken, broken by time, withdrawn or open, as of a moment.

What ended a promise was recorded; that its time ran out is seen by comparing clocks, and so it
is never stored: whoever asks says as of when.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

Promise = dict[str, Any]
Standing = Literal["open", "kept", "broken", "broken_by_time", "withdrawn"]

STANDINGS: Final[tuple[Standing, ...]] = ("open", "kept", "broken", "broken_by_time", "withdrawn")


def standing(promise: Mapping[str, Any], at: str) -> Standing:
    """Say how a promise of a ticket's state stands.

    Args:
        at: As of when, in RFC 3339 with six digits, as all times of a state.
    """
    state: Standing = promise["state"]
    due_at = promise["due_at"]
    return "broken_by_time" if state == "open" and due_at and due_at < at else state


def judged(promise: Mapping[str, Any], at: str) -> Promise:
    """Add to a promise how it stands, and whether it was kept, but after its time."""
    due_at, ended_at = promise["due_at"], promise["ended_at"]
    is_late = promise["state"] == "kept" and bool(due_at and ended_at and due_at < ended_at)
    return {**promise, "standing": standing(promise, at), "kept_late": is_late}


def ledger(tickets: Iterable[Mapping[str, Any]], at: str) -> dict[str, Any]:
    """List the promises of some tickets, those first that are due first, and count them.

    Args:
        tickets: States of tickets, each chain as one.
    """
    promises = [
        {"ticket_id": ticket["chain_id"], **judged(promise, at)}
        for ticket in tickets
        for promise in ticket["promises"]
    ]
    promises.sort(key=lambda p: (p["due_at"] or "~", p["made_at"] or "~", p["ticket_id"], p["id"]))
    counted = Counter(promise["standing"] for promise in promises)
    by: dict[str, Counter[str]] = {}
    for promise in promises:
        by.setdefault(promise["by"] or "unknown", Counter())[promise["standing"]] += 1
    return {
        "at": at,
        "promises": promises,
        "counts": {name: counted[name] for name in STANDINGS},
        "kept_late": sum(promise["kept_late"] for promise in promises),
        "by": {who: {name: by[who][name] for name in STANDINGS} for who in sorted(by)},
    }
