"""The part of a ticket's replay that one page shows: the steps up to the one looked at."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from domain.events import Event, Logged, Recorded
from domain.values import Reader
from projections import handoff
from projections.changes import in_words
from projections.redaction import for_customer, is_closed, redact
from projections.replay import rendered
from projections.slots import clean_json, slot
from services.history import History, Link
from services.knowing import unanswered
from services.reading import NotFound, Reading

SIZE: Final = 60
"""Steps shown at once; a ticket of 12,000 steps has a page as short as one of 60."""


@dataclass(frozen=True, slots=True)
class Window:
    """Some steps of a ticket, and how it stood at the last of them.

    Attributes:
        step: The one looked at.
        rows: Its event and those before it, newest first, each with its `step`.
        before: The state before the step; empty at the first one.
        words: What the step changed, in sentences.
        links: The streams the ticket had had by then.
        turn: Whose turn it was, and why; ``None`` for a customer.
        waiting: The customer's messages that waited for an answer, oldest first.
        worked: Who of ours had worked on it: name, and how often.
        position: The last position of the ticket; ``None`` for a customer.
    """

    step: int
    total: int
    rows: list[dict[str, Any]]
    state: dict[str, Any]
    before: dict[str, Any]
    words: list[str]
    links: list[Link]
    turn: dict[str, Any] | None
    waiting: list[dict[str, Any]]
    worked: list[tuple[str, int]]
    position: int | None


def window(read: Reading, ticket_id: str, step: int | None, event_id: str | None) -> Window:
    """Read the window of a ticket that ends at a step, at an event, or now.

    Raises:
        NotFound: If there is no such ticket, step or event.
    """
    history = read.history(f"ticket/{ticket_id}")
    total = len(history.events)
    at = total if step is None else step
    if event_id is not None:
        at = history.ordinal(event_id) or 0
    if not 1 <= at <= total:
        raise NotFound(f"the ticket has {total:,} steps, and not this one")
    first = max(1, at - SIZE + 1)
    read.viewed(history, at - first + 1)
    states = [found.whole for found in read.walk(history, max(1, at - 1), 2 if at > 1 else 1)]
    before = states[0] if len(states) > 1 else {}
    seen = enumerate(history.events[first - 1 : at], first)
    rows = [_row(history.reader, logged, ordinal) for ordinal, logged in seen][::-1]
    told = {
        "rows": rows,
        "words": in_words(before, states[-1]),
        **_for_staff(history, states[-1], at),
    }
    filled: dict[str, Any] = read.filled(told)
    return Window(
        step=at, total=total, rows=filled["rows"], state=read.named(states[-1]),
        before=read.named(before) if before else {}, words=filled["words"],
        links=history.links(at), turn=filled["turn"], waiting=filled["waiting"],
        worked=filled["worked"], position=None if history.reader.public_only else history.position,
    )  # fmt: skip


def _for_staff(history: History, state: dict[str, Any], at: int) -> dict[str, Any]:
    """Say what whoever takes the ticket over asks first; a customer is told nothing of it."""
    if history.reader.public_only:
        return {"turn": None, "waiting": [], "worked": []}
    waiting = unanswered(history, at)
    brief = handoff.brief(state, waiting, state["last_event_at"])
    worked = [(slot("staff", w["id"].split("/", 1)[1]), w["events"]) for w in brief["worked"]]
    return {"turn": brief["turn"], "waiting": waiting, "worked": worked}


def _row(reader: Reader, logged: Logged, ordinal: int) -> dict[str, Any]:
    """Put one event in small, with what was written in full."""
    closed = is_closed(reader, logged.event)
    recorded = redact(logged.event) if closed else logged.event
    if reader.public_only:
        recorded = for_customer(recorded)
    row = rendered(logged, recorded, reader)
    return {**row, "step": ordinal, "data": {} if closed else _data(recorded)}


def _data(recorded: Recorded[Event]) -> dict[str, Any]:
    fields = recorded.data.__pydantic_serializer__.to_json(recorded.data)
    found: dict[str, Any] = orjson.loads(clean_json(fields))
    return found
