"""Surveys: an opinion asked and given, about any touchpoint."""

from typing import Literal
from uuid import UUID

from domain.events.base import Event, PersonText, event
from domain.values import Code, ContactId, Number, TicketId


@event("survey.sent")
class SurveySent(Event):
    """A contact was asked for an opinion on one touchpoint.

    Attributes:
        touchpoint_event_id: The event that the question is about.
    """

    VISIBILITY = "public"
    ABOUT = "contact_id"

    metric: Literal["csat", "nps", "ces"]
    contact_id: ContactId | None = None
    touchpoint_event_id: UUID | None = None
    ticket_id: TicketId | None = None


@event("survey.answered")
class SurveyAnswered(Event):
    """The contact answered; a second answer supersedes the first, both are kept.

    Attributes:
        score: As the metric counts: csat 1 to 5, nps 0 to 10, ces 1 to 7.
    """

    VISIBILITY = "public"
    ABOUT = "contact_id"

    score: Number
    contact_id: ContactId | None = None
    comment: PersonText | None = None
    root_cause: Code | None = None


AnySurveyEvent = SurveySent | SurveyAnswered
