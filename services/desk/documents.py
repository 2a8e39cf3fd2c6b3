"""From a report to the document that is stored, and to those of what follows from it."""

from datetime import datetime
from typing import Any

import uuid_utils.compat
from pydantic import ValidationError

from domain.errors import InvalidReport
from domain.events import Event, Recorded
from domain.events.base import people_in
from domain.events.envelope import document_of
from services.wire import Report, explain


def document(
    report: Report, stream_id: str, company_id: str | None, now: datetime
) -> Recorded[Any]:
    """Write the document of *report*, text open.

    Raises:
        InvalidReport: If an id, the actor or a time is not what it must be.
    """
    event = report.event
    try:
        return document_of(type(event))(
            event_id=uuid_utils.compat.uuid7(),
            type=event.TYPE,
            schema_version=event.VERSION,
            company_id=company_id,
            stream_id=stream_id,
            occurred_at=report.occurred_at,
            recorded_at=now,
            actor=report.actor,
            source=report.source,
            correlation_id=report.correlation_id,
            causation_id=report.causation_id,
            visibility=report.visibility,
            subjects=tuple(dict.fromkeys(people_in(event))),
            data=event,
        )
    except ValidationError as error:
        raise InvalidReport(explain(error)) from None


def follow(
    cause: Recorded[Any], event: Event, stream_id: str, company_id: str | None
) -> Recorded[Any]:
    """Write the document of what follows from *cause*, at the same time, by the same actor."""
    return document_of(type(event))(
        **{
            **dict(cause),
            "event_id": uuid_utils.compat.uuid7(),
            "type": event.TYPE,
            "schema_version": event.VERSION,
            "company_id": company_id,
            "stream_id": stream_id,
            "causation_id": str(cause.event_id),
            "source": cause.source.model_copy(update={"activity": None}),
            "visibility": event.VISIBILITY or cause.visibility,
            "subjects": tuple(dict.fromkeys(people_in(event))),
            "data": event,
        }
    )
