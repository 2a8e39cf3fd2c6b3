"""Replay: every step of a ticket or a company, with the state it left.

Events come in, in the order of happening; nothing is read and nothing is written here.  What
the reader may not read goes through `redact` before it is folded, so that no state can tell
more than its steps do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson

from domain.events import AnyTicketEvent, Event, Logged, Recorded
from domain.values import Reader, everything, rfc3339
from projections.company_summary import CompanySummary
from projections.lines import line_of
from projections.redaction import RESTRICTED, for_customer, is_closed, is_hidden, withhold
from projections.ticket_chain import whole
from projections.ticket_state import TicketState, dump, load
from projections.ticket_streams import WHOLE, Parts
from projections.ticket_union import joined
from projections.unions import Merges

__all__ = ["Step", "company_replay", "rendered", "replay", "state_at", "visible", "whole"]

EVERYTHING: Final = everything()
NO_TICKET: Final = dump(TicketState())

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
    for ordinal, logged in enumerate(visible(events, reader), after.ordinal + 1 if after else 1):
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
    for ordinal, logged in enumerate(visible(within, reader), 1):
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
    return sum(1 for _ in visible(events, reader))


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


def visible(events: Iterable[Logged], reader: Reader) -> Iterator[Logged]:
    """Leave out the events that do not exist for a reader."""
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


def _read(document: bytes) -> dict[str, Any]:
    return cast("dict[str, Any]", orjson.loads(document))
