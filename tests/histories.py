"""Random ticket histories for the laws: any events, in any order of happening and arrival."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st

from domain.events import Event, Logged, Recorded
from domain.events.continuing import Continues, Counts
from domain.events.duties import (
    CommitmentBroken,
    CommitmentKept,
    CommitmentMade,
    ConsultationAnswered,
    ConsultationRequested,
    StepRecorded,
)
from domain.events.ticket import (
    Assignee,
    FieldChange,
    ReporterJoined,
    TicketAssigned,
    TicketClassified,
    TicketOpened,
    TicketPutOnHold,
    TicketsMerged,
    TicketUpdated,
)
from domain.events.ties import TicketSplit
from domain.values import Visibility
from tests.events import MONDAY, Log, recorded
from tests.examples import EXAMPLES, example

FEW: Final = st.sampled_from(("a", "b", "c"))
MINUTES: Final = st.integers(0, 9)
VISIBILITIES: Final[st.SearchStrategy[Visibility]] = st.sampled_from(
    ("public", "internal", "restricted")
)

EARLIER: Final = Continues(
    stream_id="ticket/T-0",
    chain_id="T-0",
    first_opened_at=MONDAY,
    counts=Counts(events=7, customer_messages=3, agent_replies=2, reopened=1),
)

VARIED: Final[dict[type[Event], dict[str, st.SearchStrategy[Any]]]] = {
    TicketOpened: {"severity": st.integers(1, 5), "continues": st.sampled_from((None, EARLIER))},
    TicketClassified: {"severity": st.none() | st.integers(1, 5), "category": st.none() | FEW},
    TicketAssigned: {"to": st.builds(Assignee, agent=st.none() | FEW, team=st.none() | FEW)},
    TicketUpdated: {
        "changes": st.tuples(st.builds(FieldChange, field=FEW, old=FEW, new=st.none() | FEW))
    },
    TicketPutOnHold: {"waiting_for": st.sampled_from(("customer", "vendor", "unknown"))},
    TicketsMerged: {"kept_id": FEW},
    ReporterJoined: {"contact_id": FEW},
    StepRecorded: {"step_id": FEW, "outcome": st.sampled_from(("worked", "failed", "unknown"))},
    CommitmentMade: {"commitment_id": FEW},
    CommitmentKept: {"commitment_id": FEW},
    CommitmentBroken: {"commitment_id": FEW},
    ConsultationRequested: {"consultation_id": FEW},
    ConsultationAnswered: {"consultation_id": FEW},
}
"""Fields that vary; everything else is as in the example of its type."""

TICKET_TYPES: Final = tuple(type(e) for e in EXAMPLES.values() if e.stream_kind() == "ticket")


@st.composite
def ticket_events(draw: st.DrawFn, ticket: str = "T-1") -> Recorded[Event]:
    """Draw one event of any type, at one of a few moments, with any visibility."""
    model = draw(st.sampled_from(TICKET_TYPES))
    fields = {name: draw(values) for name, values in VARIED.get(model, {}).items()}
    return recorded(
        example(model, **fields),
        f"ticket/{ticket}",
        actor=draw(st.sampled_from(("agent/mia", "agent/tom", "contact/jan", "system/crm"))),
        occurred_at=MONDAY + timedelta(minutes=draw(MINUTES)),
        visibility=draw(VISIBILITIES),
    )


@st.composite
def parted(draw: st.DrawFn, events: list[Recorded[Event]]) -> list[Recorded[Event]]:
    """Split tickets of a history, in any place, at any moment, and go on with what came of it."""
    for number in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(events)))
        streams = sorted({e.stream_id for e in events[:place] if e.kind == "ticket"})
        if not streams:
            continue
        stream = draw(st.sampled_from(streams))
        known = [e for e in events[:place] if e.stream_id == stream]
        new = f"{stream.removeprefix('ticket/')}-part-{number}"
        split = TicketSplit(
            new_ticket_id=new,
            moved_event_ids=tuple(e.event_id for e in known if draw(st.booleans())),
        )
        at = MONDAY + timedelta(minutes=draw(MINUTES))
        there: dict[str, Any] = {"company": known[0].company_id, "visibility": draw(VISIBILITIES)}
        begins = [recorded(split, stream, occurred_at=at, **there)]
        begins.append(recorded(example(TicketOpened), f"ticket/{new}", occurred_at=at, **there))
        later = [
            draw(ticket_events(new)).model_copy(update={"company_id": known[0].company_id})
            for _ in range(draw(st.integers(0, 2)))
        ]
        events = [*events[:place], *begins, *events[place:], *later]
    return events


def histories(tickets: tuple[str, ...] = ("T-1",)) -> st.SearchStrategy[list[Logged]]:
    """Draw a log of some tickets' events, in the order of arrival."""
    events = st.sampled_from(tickets).flatmap(ticket_events)
    return st.lists(events, min_size=1, max_size=14).map(lambda drawn: Log().add(*drawn))


def in_fold_order(events: list[Logged]) -> list[Logged]:
    """Sort *events* as they are folded."""
    return sorted(events, key=lambda logged: logged.happened)


@dataclass
class Past:
    """Gives a projection earlier events, as the store does, and notes what it was asked for."""

    log: list[Logged]
    asked: list[tuple[str, int]] = field(default_factory=list)
    looked_at: list[Sequence[int]] = field(default_factory=list)

    def __call__(self, stream_id: str, upto: int) -> list[Logged]:
        self.asked.append((stream_id, upto))
        return in_fold_order(
            [e for e in self.log if e.event.stream_id == stream_id and e.position <= upto]
        )

    def at(self, positions: Sequence[int]) -> list[Logged]:
        self.looked_at.append(positions)
        by_position = {logged.position: logged for logged in self.log}
        return [by_position[position] for position in positions]

    def before(self, streams: Sequence[str], place: tuple[int, int], upto: int) -> list[Logged]:
        return in_fold_order(
            [
                e
                for e in self.log
                if e.event.stream_id in streams and e.position <= upto and e.happened <= place
            ]
        )


def history_of(log: list[Logged]) -> Past:
    """Give a projection the earlier events of *log*."""
    return Past(log)


def pages_of(log: list[Logged], sizes: list[int]) -> list[list[Logged]]:
    """Cut a log into pages of these sizes; what is left is one more."""
    pages, start = [], 0
    for size in [*sizes, len(log)]:
        if page := log[start : start + size]:
            pages.append(page)
        start += size
    return pages
