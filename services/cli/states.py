"""A state in one line, for replays in text."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

State = Mapping[str, Any]

COUNTED: Final = {
    "customer_messages": ("message", "messages"),
    "agent_replies": ("reply", "replies"),
    "notes": ("note", "notes"),
    "steps": ("step", "steps"),
    "reopened": ("time reopened", "times reopened"),
}
"""What is counted of a ticket: one, many."""


def in_short(state: State) -> str:
    """Say how a ticket or a company stands."""
    return ", ".join(_ticket(state) if "assignee" in state else _company(state))


def _ticket(state: State) -> Iterator[str]:
    waits = f" for {state['waiting_for']}" if state["waiting_for"] else ""
    yield f"{state['status'].replace('_', ' ')}{waits}"
    for name in ("severity", "priority"):
        if state[name] is not None:
            yield f"{name} {state[name]}"
    who = [name for name in (state["assignee"]["agent"], state["assignee"]["team"]) if name]
    if who:
        yield f"with {' / '.join(who)}"
    for name, words in COUNTED.items():
        yield from _some(state["counts"].get(name, 0), *words)
    yield from _some(_with(state["promises"], "open"), "open promise", "open promises")
    yield from _some(_with(state["consultations"], "asked"), "open question", "open questions")
    yield from _some(_with(state["escalations"], "raised"), "escalation", "escalations")


def _company(state: State) -> Iterator[str]:
    open_ones = sum(state["tickets"].get(status, 0) for status in ("new", "open", "on_hold"))
    tickets = sum(state["tickets"].values())
    yield f"{open_ones:,} of {tickets:,} tickets open" if tickets else "no tickets"
    yield from _some(state["contacts"], "contact", "contacts")
    yield from _some(state["promises"].get("open", 0), "open promise", "open promises")
    yield from _some(state["escalations"], "escalation", "escalations")


def _some(count: int, one: str, many: str) -> Iterable[str]:
    return [f"{count:,} {one if count == 1 else many}"] if count else []


def _with(entries: Iterable[State], state: str) -> int:
    return sum(entry.get("state") == state for entry in entries)
