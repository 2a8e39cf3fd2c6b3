"""Questions to a company's document, as of an instant: what holds then, what is late by then."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.values import rfc3339

Document = Mapping[str, Any]
Entry = Mapping[str, Any]


def by_urgency(document: Document) -> list[Entry]:
    """List open tickets, the worst first, among those as bad the oldest."""
    tickets: dict[str, Entry] = document["open_tickets"]
    return sorted(tickets.values(), key=_urgency)


def name_of(document: Document) -> str | None:
    """Say what the company is called."""
    profile = document["company"]["profile"]
    return profile["name"] if profile else None


def worth_at(document: Document, now: datetime) -> Entry | None:
    """Find what it was last said to be worth, for that day."""
    day = now.date().isoformat()
    found: Entry | None = None
    for stated in document["company"]["value"]:
        if stated["valid_from"] <= day:
            found = stated
    return found


def known_worth(
    document: Document, happened: datetime, as_of: datetime | None, known_at: int
) -> Entry | None:
    """Find what it was worth on a day, as far as that had been said and was known then.

    Args:
        as_of: Said by then; ``None``: whenever it was said.
        known_at: Recorded up to this position.
    """
    until = "~" if as_of is None else rfc3339(as_of)
    said = [
        stated
        for stated in document["company"]["value"]
        if stated["at"] <= until and stated["position"] <= known_at
    ]
    return worth_at({"company": {"value": said}}, happened)


def next_renewal(document: Document, now: datetime) -> Entry | None:
    """Find the next renewal, or the last one that was due."""
    day = now.date().isoformat()
    known = sorted(document["company"]["renewals"].values(), key=lambda each: each["renews_on"])
    ahead = (each for each in known if each["renews_on"] >= day)
    return next(ahead, known[-1] if known else None)


def entitled(document: Document, now: datetime) -> Entry | None:
    """Find the right to support that holds; the one granted last, if there are several."""
    day = now.date().isoformat()
    holding = [
        right
        for right in document["company"]["entitlements"].values()
        if right["state"] != "expired"
        and (right["valid_from"] or "") <= day
        and (right["valid_to"] is None or day <= right["valid_to"])
    ]
    return max(holding, key=lambda right: right["at"], default=None)


def ties_at(document: Document, now: datetime) -> dict[str, Entry | None]:
    """Say how people belonged to the company on that day; those who had left are ``None``."""
    day = now.date().isoformat()
    found: dict[str, Entry | None] = {}
    for person, ties in document["company"]["people"].items():
        holding = [
            tie
            for tie in ties
            if (tie["valid_from"] or "") <= day
            and (tie["valid_to"] is None or day < tie["valid_to"])
        ]
        found[person] = holding[-1] if holding else None
    return found


def overdue(promise: Entry, now: datetime) -> bool:
    """Say whether a promise that nobody ended was broken by time."""
    return promise["state"] == "open" and (promise["due_at"] or "~") < rfc3339(now)


def promise_of_note(document: Document, now: datetime) -> Any:
    """Find the promise to speak of.

    It is the one broken last, by time or because somebody said so and nothing ended since; else
    the next that is due; else the last that ended.
    """
    ledger = document["company"]["promises"]
    standing = sorted(
        ledger["open"].values(), key=lambda each: (each["due_at"] or "~", each["key"])
    )
    ended = ledger["ended"][:1]
    broken = [(each["due_at"], each["key"], each) for each in standing if overdue(each, now)]
    broken += [(e["ended_at"] or "", e["key"], e) for e in ended if e["state"] == "broken"]
    if broken:
        return max(broken, key=lambda found: found[:2])[2]
    return next(iter((*standing, *ended)), None)


def context_of(document: Document, ticket: Entry, now: datetime) -> dict[str, Any]:
    """Say what a ticket's reader should know of its company: its worth, its right, what it runs.

    The installations are as they were when the ticket was opened; what changed since is marked.
    """
    opened_at = ticket["opened_at"] or "~"
    return {
        "value": worth_at(document, now),
        "renewal": next_renewal(document, now),
        "entitlement": entitled(document, now),
        "installations": [
            as_set(document, installation, opened_at) for installation in ticket["installation_ids"]
        ],
    }


def as_set(document: Document, installation_id: str, at: str) -> dict[str, Any]:
    """Say which version ran in an installation at a time, how it was set, what changed since.

    What was so before the changes that the document lists is not known to it.
    """
    known = document["company"]["installations"].get(installation_id)
    if known is None:
        return {"installation_id": installation_id, "product_id": None, "version": None,
                "settings": {}, "changed_since": []}  # fmt: skip
    versions = [each for each in known["versions"] if each["at"] <= at]
    earlier = known["earlier"]
    settings = dict(earlier["settings"]) if (earlier["until"] or "") <= at else {}
    settings |= {each["key"]: each["new"] for each in known["changes"] if each["at"] <= at}
    return {
        "installation_id": installation_id,
        "product_id": known["product_id"],
        "version": versions[-1]["version"] if versions else None,
        "settings": {key: value for key, value in settings.items() if value is not None},
        "changed_since": [
            *({**each, "key": "version"} for each in known["versions"] if each["at"] > at),
            *(each for each in known["changes"] if each["at"] > at),
        ],
    }


def _urgency(held: Entry) -> tuple[Any, ...]:
    state = held["state"]
    return state["severity"] or 9, state["opened_at"] or "~", state["ticket_id"]
