"""Read audit: that somebody looked is itself on record, outside company timelines."""

from domain.events.base import CompanyText, Event, event
from domain.values import Code, CompanyId, Id, Moment, Number, TicketId


@event("reads.timeline_viewed")
class TimelineViewed(Event):
    """Somebody read a company's timeline or card, or a ticket's replay.

    Attributes:
        card_digest: Of the card that was shown; `as_of_position` and `to_at` make it again.
    """

    viewer_id: Id
    viewed_company_id: CompanyId
    ticket_id: TicketId | None = None
    purpose: Code | None = None
    from_at: Moment | None = None
    to_at: Moment | None = None
    as_of_position: Number
    count: Number
    card_digest: Code | None = None


@event("reads.event_skipped")
class EventSkipped(Event):
    """An operator left an event out of a projection for good; history keeps it."""

    operator_id: Id
    projection: Code
    skipped_position: Number
    skipped_type: Code
    reason: CompanyText


AnyReadsEvent = TimelineViewed | EventSkipped
