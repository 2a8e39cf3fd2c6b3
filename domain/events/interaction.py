"""Interactions: any touch on any channel, on a ticket or not."""

from typing import Literal

from domain.events.base import CompanyText, Event, Part, PersonText, event
from domain.values import ContactId, Moment, TicketId, UserId


class Participant(Part):
    """One who took part: a contact, one of ours, or just a name."""

    ABOUT = "contact_id"

    contact_id: ContactId | None = None
    user_id: UserId | None = None
    name: PersonText | None = None


@event("interaction.logged")
class InteractionLogged(Event):
    """A call, a meeting, a visit or another touch took place."""

    kind: Literal["call", "meeting", "email", "chat", "visit", "social", "product"]
    direction: Literal["inbound", "outbound", "none"] = "none"
    participants: tuple[Participant, ...] = ()
    started_at: Moment | None = None
    ended_at: Moment | None = None
    summary: CompanyText | None = None
    ticket_ids: tuple[TicketId, ...] = ()


AnyInteractionEvent = InteractionLogged
