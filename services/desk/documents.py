"""From a report to the document that is stored, and to those of what follows from it.

An event is sealed before it becomes a document, and encoded once: what is too large is refused
here, and the same bytes are stored.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import uuid_utils.compat
from pydantic import ValidationError

from domain.errors import InvalidReport, TooLarge
from domain.events import Event, Recorded
from domain.events.base import people_in
from domain.events.envelope import document_of
from domain.values import Visibility
from services.control import Keyring
from services.sealing import seal
from services.wire import LIMIT, Report, explain

SHARED: Final = ("occurred_at", "recorded_at", "actor", "correlation_id")
"""What follows from an event happened when it did, and by the same hand."""


class Draft(NamedTuple):
    """An event that is ready to be stored.

    Attributes:
        happened: Its document, sealed.
        opened: Its own fields, text open.
        state: The document's bytes.
    """

    happened: Recorded[Any]
    opened: Event
    state: bytes


class Drafting:
    """Writes the documents of one commit."""

    def __init__(self, keyring: Keyring, now: datetime) -> None:
        self._keyring = keyring
        self._now = now

    def write(self, report: Report, event: Event, stream_id: str, company_id: str | None) -> Draft:
        """Write the document of *report*.

        Raises:
            InvalidReport: If an id, the actor or a time is not what it must be.
            PersonErased: If it is about a person whose key was destroyed.
            TooLarge: If it takes more than 256 KiB.
        """
        return self._draft(
            event,
            stream_id,
            company_id,
            occurred_at=report.occurred_at,
            recorded_at=self._now,
            actor=report.actor,
            source=report.source,
            correlation_id=report.correlation_id,
            causation_id=report.causation_id,
            visibility=report.visibility,
        )

    def follow(
        self,
        cause: Recorded[Any],
        event: Event,
        stream_id: str,
        company_id: str | None,
        visibility: Visibility | None = None,
    ) -> Draft:
        """Write the document of what follows from *cause*.

        Args:
            visibility: Who may see it, unless it is what such events are by themselves.

        Raises:
            InvalidReport, PersonErased, TooLarge: As in `write`.
        """
        return self._draft(
            event,
            stream_id,
            company_id,
            **{name: getattr(cause, name) for name in SHARED},
            visibility=visibility or event.VISIBILITY or cause.visibility,
            source=cause.source.model_copy(update={"activity": None}),
            causation_id=str(cause.event_id),
        )

    def _draft(self, event: Event, stream_id: str, company_id: str | None, **known: Any) -> Draft:
        event_id: UUID = uuid_utils.compat.uuid7()
        try:
            happened = document_of(type(event))(
                event_id=event_id,
                type=event.TYPE,
                schema_version=event.VERSION,
                company_id=company_id,
                stream_id=stream_id,
                subjects=tuple(dict.fromkeys(people_in(event))),
                data=seal(event, event_id, stream_id, company_id, self._keyring),
                **known,
            )
        except ValidationError as error:
            raise InvalidReport(explain(error)) from None
        return Draft(happened, event, encoded(happened))


def encoded(happened: Recorded[Any]) -> bytes:
    """Write a document as the bytes that go all the way.

    Raises:
        TooLarge: If it takes more than 256 KiB.
    """
    state = happened.encode()
    if len(state) > LIMIT:
        raise TooLarge(f"the event takes {len(state):,} bytes; at most {LIMIT:,} are kept")
    return state
