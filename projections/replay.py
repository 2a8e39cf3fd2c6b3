"""Replay: every step of a ticket or a company, with the state it left.

Events come in, in the order of happening; nothing is read and nothing is written here.  What
the reader may not read goes through `redact` before it is folded, so that no state can tell
more than its steps do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast

import orjson

from domain.events import AnyTicketEvent, Event, Logged, Recorded
from domain.values import Reader, everything, micros, rfc3339, ticket_chain
from projections.changes import Change, changes, in_words
from projections.company_summary import CompanySummary, figures_in_words
from projections.lines import line_of
from projections.redaction import RESTRICTED, for_customer, is_closed, is_hidden, withhold
from projections.ticket_chain import whole
from projections.ticket_state import TicketState, dump, load
from projections.ticket_streams import WHOLE, Parts
from projections.ticket_union import joined
from projections.unions import Merges

__all__ = [
    "Clock",
    "Difference",
    "Instant",
    "Step",
    "company_difference",
    "company_replay",
    "difference",
    "rendered",
    "replay",
    "state_at",
    "until",
    "whole",
]

Clock = Literal["happened", "recorded"]
Instant = datetime | int
"""A time on the clock that is asked, or a position."""

EVERYTHING: Final = everything()
NO_TICKET: Final = dump(TicketState())
NO_COMPANY: Final = CompanySummary().dump()

OUTLINE: Final = (
    "ticket_id", "chain_id", "stage", "department", "opened_at", "last_event_at", "counts",
    "moved_to", "continues",
)  # fmt: skip
"""What is told of a stream whose company is out of the reader's reach."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a replay.

    Attributes:
        ordinal: Counts what the reader can see, from 1.
        position: Its place in the log; ``None`` for a customer, to whom holes would tell.
        event: The event in small, with a line a person can read.
        document: The state of its ticket stream, or of the company, after it: the same bytes
            as the live one has.
        others: Of a ticket with several streams (it was moved, or others go on inside it) the
            states of the others.
        ticket_id: The ticket that is replayed, by the first stream of its chain.
    """

    ordinal: int
    position: int | None
    event: dict[str, Any]
    document: bytes
    others: tuple[bytes, ...] = ()
    ticket_id: str | None = None

    @property
    def state(self) -> dict[str, Any]:
        """The state of its stream, or of the company, after the step."""
        return _read(self.document)

    @property
    def whole(self) -> dict[str, Any]:
        """The state after the step, all streams of the ticket joined."""
        states = (_read(document) for document in (*self.others, self.document))
        if self.ticket_id is not None:
            return joined(self.ticket_id, states)
        return whole(states) if self.others else self.state


def replay(
    events: Iterable[Logged],
    reader: Reader = EVERYTHING,
    *,
    start: int = 1,
    after: Step | None = None,
    ticket_id: str | None = None,
    parts: Parts = WHOLE,
) -> Iterator[Step]:
    """Yield the steps of one ticket from step *start* on.

    Args:
        events: Those of all streams of the ticket, in the order of happening.
        after: A step of this replay, for the same reader; *events* are those that follow it.
    """
    streams = parts.streams(reader, _taken_up(after))
    links = streams.states
    for ordinal, logged in enumerate(_visible(events, reader), after.ordinal + 1 if after else 1):
        recorded = cast("Recorded[AnyTicketEvent]", _as_read(logged, reader))
        stream = streams.take(logged.happened, recorded)
        state = links[stream]
        if ordinal >= start:
            others = tuple(_shown(links[s], reader) for s in sorted(links) if s != stream)
            event = rendered(logged, recorded, reader, department=state.department)
            document = _shown(state, reader)
            yield Step(ordinal, event["position"], event, document, others, ticket_id)


def company_replay(
    events: Iterable[Logged],
    reader: Reader = EVERYTHING,
    *,
    start: int = 1,
    parts: Parts = WHOLE,
    company_id: str | None = None,
) -> Iterator[Step]:
    """Yield the steps of one company from step *start* on, each with a small summary after it.

    Args:
        events: All of the company's, and of those it has absorbed, in the order of happening.
        company_id: The company that is asked, whose summary counts others in from the step on
            at which they are merged into it; ``None``: the only one there is.
    """
    summaries: dict[str | None, CompanySummary] = {}
    merges = Merges()
    within = (logged for logged in events if reader.may_read(logged.event.company_id))
    for ordinal, logged in enumerate(_visible(within, reader), 1):
        recorded = _as_read(logged, reader)
        company = recorded.company_id if company_id else None
        if company not in summaries:
            summaries[company] = CompanySummary(streams=parts.streams(reader))
        summaries[company].take(logged.happened, recorded)
        merges.take(logged)
        if ordinal >= start:
            event = rendered(logged, recorded, reader)
            told = summaries.get(company_id) or CompanySummary(company_id)
            others = merges.companies_in(company_id)[1:] if company_id else ()
            whole = told.joined(summaries[one] for one in others if one in summaries)
            yield Step(ordinal, event["position"], event, whole.dump())


def count(events: Iterable[Logged], reader: Reader = EVERYTHING) -> int:
    """Count the steps a reader can see."""
    return sum(1 for _ in _visible(events, reader))


def state_at(
    events: Iterable[Logged],
    step: int,
    reader: Reader = EVERYTHING,
    ticket_id: str | None = None,
    parts: Parts = WHOLE,
) -> dict[str, Any]:
    """Tell the whole state of the ticket after *step*; step 0 is before everything.

    Raises:
        LookupError: If the ticket has fewer steps.
    """
    if step == 0:
        return _read(NO_TICKET)
    found = next(replay(events, reader, start=step, ticket_id=ticket_id, parts=parts), None)
    if found is None or step < 0:
        raise LookupError(f"the ticket has no step {step}")
    return found.whole


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two instants.

    Attributes:
        steps: How many steps there were at each.
        positions: The largest position known at each; ``None`` for a customer.
        before: The whole state at the first instant; `after` at the second.
        changes: The difference as data, which `apply` of `projections.changes` applies.
        words: The same in sentences.
    """

    steps: tuple[int, int]
    positions: tuple[int | None, int | None]
    before: dict[str, Any]
    after: dict[str, Any]
    changes: list[Change]
    words: list[str]


def difference(
    events: Iterable[Logged],
    start: Instant,
    end: Instant,
    clock: Clock = "happened",
    reader: Reader = EVERYTHING,
    *,
    ticket_id: str | None = None,
    parts: Parts = WHOLE,
) -> Difference:
    """Say what changed in one ticket between two instants on a clock, or two positions.

    Before its own first event there is no ticket, whatever else goes on inside it by now.
    """
    first, second = _sides(_visible(events, reader), start, end, clock)
    sides = _begun(first, ticket_id), _begun(second, ticket_id)
    before, after = (state_at(side, len(side), reader, ticket_id, parts) for side in sides)
    return _difference(sides, reader, before, after, in_words(before, after))


def company_difference(
    events: Iterable[Logged],
    start: Instant,
    end: Instant,
    clock: Clock = "happened",
    reader: Reader = EVERYTHING,
    parts: Parts = WHOLE,
) -> Difference:
    """Say how the figures of one company changed between two instants or positions."""
    within = (logged for logged in events if reader.may_read(logged.event.company_id))
    sides = _sides(_visible(within, reader), start, end, clock)
    last = [next(company_replay(side, reader, start=len(side), parts=parts), None)
            for side in sides]  # fmt: skip
    before, after = (step.state if step else _read(NO_COMPANY) for step in last)
    return _difference(sides, reader, before, after, figures_in_words(before, after))


def until(events: Iterable[Logged], instant: Instant, clock: Clock = "happened") -> list[Logged]:
    """Keep what lies within *instant*: a position, or a time by which it happened, or was known."""
    if isinstance(instant, int):
        return [logged for logged in events if logged.position <= instant]
    moment = micros(instant)
    if clock == "recorded":
        return [logged for logged in events if logged.committed_at <= moment]
    return [logged for logged in events if logged.happened[0] <= moment]


def rendered(
    logged: Logged,
    recorded: Recorded[Any],
    reader: Reader = EVERYTHING,
    department: str | None = None,
) -> dict[str, Any]:
    """Put an event in small: when, what, by whom, and one line; less of it if it is closed."""
    closed, customer = is_closed(reader, recorded), reader.public_only
    return {
        "position": None if customer else logged.position,
        "public_seq": logged.public_seq,
        "event_id": str(recorded.event_id),
        "type": recorded.type,
        "occurred_at": rfc3339(recorded.occurred_at),
        "recorded_at": rfc3339(recorded.recorded_at),
        "late": logged.late,
        "actor": recorded.actor.split("/", 1)[0] if closed else recorded.actor,
        "company_id": recorded.company_id if reader.may_read(recorded.company_id) else None,
        "stream_id": recorded.stream_id,
        "visibility": recorded.visibility,
        "department": getattr(recorded.data, "department", None) or department,
        "redacted": closed,
        "text": RESTRICTED if closed else line_of(recorded),
    }


def _visible(events: Iterable[Logged], reader: Reader) -> Iterator[Logged]:
    return (logged for logged in events if not is_hidden(reader, logged.event))


def _as_read(logged: Logged, reader: Reader) -> Recorded[Event]:
    if reader.public_only:
        return for_customer(logged.event)
    return withhold(logged.event) if is_closed(reader, logged.event) else logged.event


def _shown(state: TicketState, reader: Reader) -> bytes:
    """Write a state; of a company out of the reader's reach only its outline."""
    if reader.may_read(state.company_id):
        return dump(state)
    outline = TicketState(**{name: getattr(state, name) for name in OUTLINE})
    outline.status = "moved" if outline.moved_to else outline.stage
    return dump(outline)


def _taken_up(step: Step | None) -> dict[str, TicketState]:
    """Read back the states of all streams as *step* left them."""
    states = map(load, (*step.others, step.document)) if step else ()
    return {f"ticket/{state.ticket_id}": state for state in states}


def _sides(
    events: Iterable[Logged], start: Instant, end: Instant, clock: Clock
) -> tuple[list[Logged], list[Logged]]:
    visible = list(events)
    return until(visible, start, clock), until(visible, end, clock)


def _begun(side: list[Logged], ticket_id: str | None) -> list[Logged]:
    own = (ticket_chain(logged.event.local_id) == ticket_id for logged in side)
    return side if ticket_id is None or any(own) else []


def _difference(
    sides: tuple[list[Logged], list[Logged]],
    reader: Reader,
    before: dict[str, Any],
    after: dict[str, Any],
    words: list[str],
) -> Difference:
    first, second = (
        None if reader.public_only else max((logged.position for logged in side), default=0)
        for side in sides
    )
    return Difference(
        steps=(len(sides[0]), len(sides[1])),
        positions=(first, second),
        before=before,
        after=after,
        changes=changes(before, after),
        words=words,
    )


def _read(document: bytes) -> dict[str, Any]:
    return cast("dict[str, Any]", orjson.loads(document))
