"""What differs between two states of one ticket: as data that can be applied, and in words.

Law: ``apply(changes(before, after), before) == after``.
"""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from projections.phrases import QUOTED, plain
from projections.slots import slot

State = Mapping[str, Any]
Change = dict[str, Any]
"""``path`` of keys and entry ids; ``old`` is missing where there was nothing, ``new`` where
there is nothing any more."""

INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
DOUBLED: Final = re.compile(r"([.!?…])\.$")
"""The end of a sentence that quotes a whole one."""

CODES: Final = {"on_hold": "on hold", "caused_by": "caused by"}

SCALARS: Final = {
    "subject": "Subject", "severity": "Severity", "priority": "Priority", "category": "Category",
    "product_id": "Product", "department": "Department", "support_line": "Support line",
    "channel": "Channel", "root_cause": "Root cause",
    "resolution_code": "Resolution",
}  # fmt: skip

SAID: Final = {
    "customer_messages": ("message from the customer", "messages from the customer"),
    "agent_replies": ("reply", "replies"),
    "notes": ("note", "notes"),
}
"""What there can be more or fewer of: one, many."""

BEGAN: Final = {
    "steps": "Step taken, {kind}: “{what}”, outcome {outcome}.",
    "promises": "Promised: “{what}”, due {due_at}.",
    "facts_asked": "Asked the customer for {id}.",
    "consultations": "Asked {department}: “{question}”.",
    "escalations": "Escalated: “{reason}”.",
    "milestones": "The clock {id} started, due {due_at}.",
    "suspected": "May be a duplicate of {id}.",
}
"""What is said of an entry that was not there."""

CAME: Final = {
    "steps": ("outcome", "Step “{what}” came out: {outcome}."),
    "promises": ("state", "Promise “{what}”: {state}."),
    "facts_asked": ("times", "Asked the customer for {id} again."),
    "consultations": ("state", "Question to {department}: {state}."),
    "escalations": ("state", "Escalation “{reason}”: {state}."),
    "milestones": ("state", "The clock {id}: {state}."),
    "suspected": ("state", "A duplicate of {id}: {state}."),
}
"""What is said of an entry that went on, and the field that tells."""

TOLD_AT_ONCE: Final = {
    "steps": None, "facts_asked": None, "promises": "open", "consultations": "asked",
    "escalations": "raised", "milestones": "running", "suspected": "suspected",
}  # fmt: skip
"""Where an entry that was not there has gone on already: any other value than this."""

TOLD_BETTER: Final = {
    ("consultations", "answered"): "Answer of {department}: “{answer}”.",
    ("consultations", "declined"): "No answer of {department}: “{reason}”.",
    ("escalations", "accepted"): "Escalation accepted: “{reason}”.",
    ("escalations", "declined"): "Escalation declined: “{declined_because}”.",
    ("escalations", "resolved"): "Escalation resolved: “{outcome}”.",
}
"""What is said of a state in which the entry tells more."""


def changes(before: State, after: State) -> list[Change]:
    """List what differs, so that `apply` makes *after* of *before*."""
    return list(_between((), before, after))


def apply(changed: Iterable[Change], before: State) -> dict[str, Any]:
    """Make the later state of the earlier one; neither is changed."""
    state = copy.deepcopy(dict(before))
    for change in changed:
        *path, last = change["path"]
        place: Any = state
        for key in path:
            place = place[key] if isinstance(place, dict) else _entry(place, key)
        if isinstance(place, list):
            place.append(copy.deepcopy(change["new"]))
        elif "new" in change:
            place[last] = copy.deepcopy(change["new"])
        else:
            del place[last]
    return state


def in_words(before: State, after: State) -> list[str]:
    """Say what differs, a sentence for each thing; an empty state is that of no ticket."""
    sentences = (
        *_course(before, after),
        *_scalars(before, after),
        *_messages(before, after),
        *(sentence for name in BEGAN for sentence in _entries(name, before, after)),
        *_ties(before, after),
        *_fields(before.get("fields", {}), after.get("fields", {})),
    )
    return [DOUBLED.sub(r"\1", sentence) for sentence in sentences]


def _between(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in (*old, *(key for key in new if key not in old)):
            if key not in new:
                yield {"path": [*path, key], "old": old[key]}
            elif key not in old:
                yield {"path": [*path, key], "new": new[key]}
            else:
                yield from _between((*path, key), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and _only_grew(old, new):
        for index, entry in enumerate(new):
            if index < len(old):
                yield from _between((*path, entry["id"]), old[index], entry)
            else:
                yield {"path": [*path, entry["id"]], "new": entry}
    elif old != new:
        yield {"path": list(path), "old": old, "new": new}


def _only_grew(old: list[Any], new: list[Any]) -> bool:
    """Say whether both are entries with ids, and *new* has all of *old*, then more."""
    if not all(isinstance(entry, dict) and "id" in entry for entry in (*old, *new)):
        return False
    ids = [entry["id"] for entry in new]
    return ids[: len(old)] == [entry["id"] for entry in old] and len(set(ids)) == len(ids)


def _entry(entries: list[dict[str, Any]], id: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["id"] == id)


def _course(before: State, after: State) -> Iterator[str]:
    if after.get("opened_at") and not before.get("opened_at"):
        yield "Opened."
    was, now = before.get("status", "new"), after.get("status", "new")
    if was != now or before.get("waiting_for") != after.get("waiting_for"):
        waits = f", waiting for {after['waiting_for']}" if after.get("waiting_for") else ""
        yield f"Status: {_plain(was)} → {_plain(now)}{waits}."
    had, has = _who(before), _who(after)
    if has != had:
        yield f"Assigned to {has}, before that to {had}."
    again = _count(after, "reopened") - _count(before, "reopened")
    if again > 0:
        yield "Reopened." if again == 1 else f"Reopened {again} times."


def _scalars(before: State, after: State) -> Iterator[str]:
    for name, label in SCALARS.items():
        old, new = before.get(name), after.get(name)
        if old is None and new is not None:
            yield f"{label}: {_plain(new)}."
        elif old != new:
            yield f"{label}: {_plain(old)} → {_plain(new)}."


def _messages(before: State, after: State) -> Iterator[str]:
    for name, (one, many) in SAID.items():
        more = _count(after, name) - _count(before, name)
        if more:
            word = "more" if more > 0 else "fewer"
            yield f"{abs(more)} {word} {one if abs(more) == 1 else many}."


def _entries(name: str, before: State, after: State) -> Iterator[str]:
    telling, came = CAME[name]
    known = {entry["id"]: entry for entry in before.get(name, ())}
    for entry in after.get(name, ()):
        old = known.pop(entry["id"], None)
        said = {key: _plain(value) for key, value in entry.items()}
        if old is None:
            yield BEGAN[name].format_map(said)
        first = old[telling] if old else TOLD_AT_ONCE[name] or entry[telling]
        if entry[telling] != first:
            yield TOLD_BETTER.get((name, _stands(entry, telling)), came).format_map(said)
    for gone in known:
        yield f"No longer there, of the {name.replace('_', ' ')}: {gone}."


def _stands(entry: Mapping[str, Any], telling: str) -> Any:
    """Say how an entry stands; of a question that was closed, first of all that it was answered."""
    answered = entry[telling] == "closed" and entry.get("answer")
    return "answered" if answered else entry[telling]


def _ties(before: State, after: State) -> Iterator[str]:
    asked, asks = before.get("requester_id"), after.get("requester_id")
    if asks and asks != asked:
        yield f"Requester: {slot('contact', asks)}."
    had = before.get("reporters", ())
    yield from (
        f"{slot('contact', who)} joined." for who in after.get("reporters", ()) if who not in had
    )
    links = before.get("links", ())
    for link in after.get("links", ()):
        if link not in links:
            yield f"Linked to {link['id']} ({_plain(link['relation'])})."
    for link in links:
        if link not in after.get("links", ()):
            yield f"No longer linked to {link['id']} ({_plain(link['relation'])})."
    for part in after.get("split_into", ())[len(before.get("split_into", ())) :]:
        yield f"{part['id']} was split from it."
    was, now = before.get("merged_into"), after.get("merged_into")
    if was != now:
        yield f"Merged into {now}." if now else f"No longer merged into {was}."
    if (moved := after.get("moved_to")) and moved != before.get("moved_to"):
        yield f"Moved away to {moved}."


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, new in after.items():
        if name not in before:
            yield f"{name}: {_plain(new)}."
        elif before[name] != new:
            yield f"{name}: {_plain(before[name])} → {_plain(new)}."


def _count(state: State, name: str) -> int:
    return int(state.get("counts", {}).get(name, 0))


def _who(state: State) -> str:
    assignee = state.get("assignee", {})
    agent, team = assignee.get("agent"), assignee.get("team")
    if agent and team:
        return f"{slot('staff', agent)} of {plain(team)}"
    return slot("staff", agent) if agent else plain(team or "nobody")


def _plain(value: Any) -> str:
    """Write a value for a sentence: a time to the minute, a code with spaces."""
    if value is None:
        return "not known"
    text = str(value)
    if INSTANT.fullmatch(text):
        return f"{text[:10]} {text[11:16]} UTC"
    return CODES.get(text) or plain(text, QUOTED)
