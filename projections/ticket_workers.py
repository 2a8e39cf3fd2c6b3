"""Who worked on a ticket, and which events say how it stands: what its state can be proved by."""

from typing import Any, Final

from domain.events import Event, Recorded
from domain.events.ticket import (
    AgentReplySent,
    CustomerMessageReceived,
    TicketAssigned,
    TicketClosed,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketResolved,
    TicketResumed,
)
from projections.ticket_record import TicketState

AGENT: Final = "agent/"

TELLING: Final[dict[type[Event], str]] = {
    TicketOpened: "opened",
    TicketAssigned: "assigned",
    CustomerMessageReceived: "customer_message",
    AgentReplySent: "agent_reply",
    TicketPutOnHold: "stage",
    TicketResumed: "stage",
    TicketResolved: "stage",
    TicketReopened: "stage",
    TicketClosed: "stage",
}
"""What an event is evidence of."""


def note(state: TicketState, recorded: Recorded[Any], at: str) -> None:
    """Note that it happened, what it is evidence of, and who did it, if it was one of ours."""
    event_id = str(recorded.event_id)
    state.begin(event_id)
    state.last_event_at = at
    state.counts["events"] += 1
    if telling := TELLING.get(type(recorded.data)):
        state.evidence[telling] = event_id
    if recorded.actor.startswith(AGENT):
        worker = state.entry("workers", recorded.actor)
        worker.update(events=worker["events"] + 1, since=worker["since"] or at, until=at)
        del worker["event_ids"][1:-1]
