"""Ledgers: what stands open is kept in full, of what ended the last few, of the rest a count."""

from typing import Final

from projections.dossier.record import RECENT, Entry

EVIDENCE: Final = 50
"""Events that an entry names; one may be updated for ever."""

STANDING: Final = frozenset(("open", "asked", "requested", "raised", "accepted"))
"""States of what is not over."""


def enter(ledger: Entry, key: str, entry: Entry, event_id: str, was: str | None) -> None:
    """Enter how a promise, a question or an escalation stands after an event.

    Args:
        was: Its state before; ``None`` if it is new.
    """
    known = _taken_out(ledger, key)
    events = [*known["event_ids"], event_id] if known else [event_id]
    if len(events) > EVIDENCE:
        del events[1]  # how it began is kept, and the last that became of it
    told = {**entry, "key": key, "event_ids": events}
    if was is not None and was not in STANDING:
        ledger["counts"][was] -= 1
    if entry["state"] in STANDING:
        ledger["open"][key] = told
        return
    ledger["counts"][entry["state"]] = ledger["counts"].get(entry["state"], 0) + 1
    ledger["ended"].insert(0, told)
    del ledger["ended"][RECENT:]


def found(ledger: Entry, key: str) -> Entry | None:
    """Find what is kept under *key*."""
    ended = (entry for entry in ledger["ended"] if entry["key"] == key)
    return ledger["open"].get(key) or next(ended, None)


def drop(ledger: Entry, prefix: str) -> None:
    """Forget what stands open under *prefix*: it goes on elsewhere."""
    for key in [key for key in ledger["open"] if key.startswith(prefix)]:
        del ledger["open"][key]


def _taken_out(ledger: Entry, key: str) -> Entry | None:
    known = found(ledger, key)
    if ledger["open"].pop(key, None) is None and known is not None:
        ledger["ended"].remove(known)
    return known
