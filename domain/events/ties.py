"""How a ticket stands to others: suspected duplicates, splits, links that are undone."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.events.base import CompanyText, Event, event
from domain.events.ticket import Relation
from domain.values import Code, TicketId, UserId

Score = Annotated[int, Field(ge=0, le=100)]
"""How sure a detector is, in percent."""


@event("ticket.duplicate_suspected")
class DuplicateSuspected(Event):
    """The ticket looks like another one: a hint, to be answered by a person.

    Attributes:
        score: How sure the detector is, in percent.
        signals: What speaks for it, such as ``same_installation``.
        weights: What each of the signals adds to the score, in their order.
    """

    candidate_ticket_id: TicketId
    score: Score | None = None
    signals: tuple[Code, ...] = ()
    weights: tuple[Score, ...] = ()


@event("ticket.duplicate_dismissed")
class DuplicateDismissed(Event):
    """It is not that other one, says somebody who looked."""

    candidate_ticket_id: TicketId
    by: UserId | None = None
    reason: CompanyText | None = None


@event("ticket.split")
class TicketSplit(Event):
    """Part of the conversation is a ticket of its own, which the desk opens in the same commit.

    The events stay in this ticket's stream and are shown in the other one.

    Attributes:
        subject: What the new ticket is about; empty: as this one.
        moved_event_ids: Of this ticket's own stream, its opening not among them.
    """

    new_ticket_id: TicketId
    moved_event_ids: tuple[UUID, ...] = ()
    subject: CompanyText | None = None
    reason: CompanyText | None = None


@event("ticket.unlinked")
class TicketUnlinked(Event):
    """The two have nothing to do with each other after all."""

    other_ticket_id: TicketId
    relation: Relation
    system: Code | None = None
    reason: CompanyText | None = None


AnyTieEvent = DuplicateSuspected | DuplicateDismissed | TicketSplit | TicketUnlinked
