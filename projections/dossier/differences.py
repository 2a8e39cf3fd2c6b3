"""What changed in a company between two instants: as data that can be applied, and in words."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from projections.changes import changes
from projections.dossier.record import Entry
from projections.phrases import contact, plain, said, staff, words

__all__ = ["changes", "in_words", "united_in_words"]

Document = Mapping[str, Any]
Sentences = Iterator[str]

PROFILE: Final = ("name", "tier", "kind")

ENDS: Final = {
    "promises": ("Promise", "what"),
    "consultations": ("Question", "question"),
    "escalations": ("Escalation", "reason"),
}
"""Ledgers: what an entry is called, and the text of it that is quoted."""


def in_words(before: Document, after: Document) -> list[str]:
    """Say what differs, a sentence for each thing."""
    old, new = before["company"], after["company"]
    return [sentence for tell in TOLD for sentence in tell(old, new)] + list(
        _tickets(before, after)
    )


def united_in_words(before: Document, after: Document) -> list[str]:
    """Say what differs in a company, and in those it has absorbed by either instant."""
    had, has = before["merged"], after["merged"]
    return [
        *in_words(before, after),
        *(f"Merged into it: {_called(has[one], one)}." for one in has if one not in had),
        *(f"No longer part of it: {_called(had[one], one)}." for one in had if one not in has),
        *(
            f"{_called(has[one], one)}: {sentence}"
            for one in has
            if one in had
            for sentence in in_words(had[one], has[one])
        ),
    ]


def _called(document: Document, company_id: str) -> str:
    profile = document["company"]["profile"] or {}
    return plain(profile.get("name") or company_id)


def _profile(old: Entry, new: Entry) -> Sentences:
    was, now = old["profile"] or {}, new["profile"] or {}
    if now and not was:
        yield f"Registered: {_value(now['name'])}."
    for name in PROFILE if was else ():
        if was[name] != now.get(name):
            yield f"{name.capitalize()}: {_value(was[name])} → {_value(now.get(name))}."
    for step in _fresh(old["lifecycle"], new["lifecycle"]):
        yield f"The relation is now {words(step['to'])}."
    parents = [each["parents"][-1]["parent_company_id"] if each["parents"] else None
               for each in (old, new)]  # fmt: skip
    if parents[0] != parents[1]:
        yield f"Parent company: {_value(parents[0])} → {_value(parents[1])}."


def _worth(old: Entry, new: Entry) -> Sentences:
    known = {each["event_id"] for each in old["value"]}
    for stated in new["value"]:
        if stated["event_id"] not in known:
            arr = f"{stated['currency']} {stated['arr']}" if stated["arr"] else "not known"
            yield (
                f"Value: ARR {arr} from {stated['valid_from']}, as {plain(stated['origin'])} says."
            )
    for contract, renewal in new["renewals"].items():
        was = old["renewals"].get(contract, {}).get("renews_on")
        if was != renewal["renews_on"]:
            moved = f", before that on {was}" if was else ""
            yield f"Contract {contract} renews on {renewal['renews_on']}{moved}."


def _people(old: Entry, new: Entry) -> Sentences:
    for person, ties in new["people"].items():
        before = old["people"].get(person, [])
        was, now = (each[-1] if each else None for each in (before, ties))
        if now and (was is None or was["event_id"] != now["event_id"]) and now["role"]:
            yield f"{contact(person)} belongs to the company, as {words(now['role'])}."
        if now and now["valid_to"] and (was is None or was["valid_to"] is None):
            yield f"{contact(person)} left on {now['valid_to']}."
    known = {(each["user_id"], each["role"], each["at"]): each["until"] for each in old["team"]}
    for member in new["team"]:
        key = (member["user_id"], member["role"], member["at"])
        if key not in known:
            yield f"{staff(member['user_id'])} looks after it as {words(member['role'])}."
        if member["until"] and known.get(key) is None:
            yield f"{staff(member['user_id'])} does so no more."


def _assets(old: Entry, new: Entry) -> Sentences:
    for installation, now in new["installations"].items():
        was = old["installations"].get(installation)
        if was is None:
            yield f"Installed: {_value(now['product_id'])} as {installation}."
        version = was["version"] if was else None
        if version != now["version"]:
            yield f"{installation} runs {_value(version)} → {_value(now['version'])}."
        for change in _fresh(was["changes"] if was else [], now["changes"]):
            values = f"{_value(change['old'])} → {_value(change['new'])}"
            yield f"{installation}, {plain(change['key'])}: {values}."
        if now["retired_at"] and not (was and was["retired_at"]):
            yield f"{installation} runs no more."
    for product, now in new["licences"].items():
        seats = old["licences"].get(product, {"seats": None})["seats"]
        if seats != now["seats"]:
            yield f"Seats of {product}: {_value(seats)} → {now['seats']:,}."


def _rights(old: Entry, new: Entry) -> Sentences:
    for contract, now in new["purchases"].items():
        was = old["purchases"].get(contract, {}).get("stage")
        if was != now["stage"]:
            yield f"Contract {contract}: {words(now['stage'])}."
    for entitlement, now in new["entitlements"].items():
        was = old["entitlements"].get(entitlement)
        told = [(each["level"], each["state"], each["valid_to"]) if each else None
                for each in (was, now)]  # fmt: skip
        if told[0] != told[1]:
            until = f" until {now['valid_to']}" if now["valid_to"] else ""
            yield f"Right to support {_value(now['level'])}: {now['state']}{until}."
    for key, fact in new["facts"].items():
        was = old["facts"].get(key)
        if was is None or was["event_id"] != fact["event_id"]:
            yield f"On file: {words(fact['fact_key'])}{said(fact['value'], ' = ')}."


def _owed(old: Entry, new: Entry) -> Sentences:
    for ledger, (called, text) in ENDS.items():
        known = {entry["key"]: entry["state"] for entry in _entries(old[ledger])}
        for entry in _entries(new[ledger]):
            was = known.get(entry["key"])
            if was != entry["state"]:
                quoted = said(entry.get(text)) or entry["id"]
                yield f"{called} {quoted}: {words(entry['state'])}."


def _tickets(before: Document, after: Document) -> Sentences:
    """Tell of tickets; of those that came and went between the two, their number alone."""
    had, has = before["open_tickets"], after["open_tickets"]
    ended = {entry["ticket_id"]: entry for entry in after["company"]["resolved"]}
    known = {entry["ticket_id"]: entry["status"] for entry in before["company"]["resolved"]}
    for ticket, held in has.items():
        if ticket not in had:
            verb = "Open again" if ticket in known else "Opened"
            yield f"{verb}: {plain(ticket)}{said(held['state']['subject'], ' ')}."
    for ticket, entry in ended.items():
        if known.get(ticket) != entry["status"]:
            cause = said(entry["root_cause"], ", root cause ")
            yield f"{entry['status'].capitalize()}: {plain(ticket)}{cause}."
    for ticket in had:
        if ticket not in has and ticket not in ended:
            yield f"No longer open here: {plain(ticket)}."
    total = [sum(each["company"]["tickets"].values()) for each in (before, after)]
    if total[0] != total[1]:
        yield f"Tickets in all: {total[0]:,} → {total[1]:,}."


def _fresh(before: list[Entry], after: list[Entry]) -> list[Entry]:
    """List what was told since; of a long history both sides have the last part alone."""
    known = {each["event_id"] for each in before}
    return [each for each in after if each["event_id"] not in known]


def _entries(ledger: Entry) -> list[Entry]:
    return [*ledger["open"].values(), *reversed(ledger["ended"])]


def _value(value: Any) -> str:
    return (
        "not known" if value is None else plain(f"{value:,}" if isinstance(value, int) else value)
    )


TOLD: Final[tuple[Callable[[Entry, Entry], Sentences], ...]] = (
    _profile, _worth, _people, _assets, _rights, _owed,
)  # fmt: skip
