"""From a report to the document that is stored, and to those of what follows from it.

An event is sealed before it becomes a document, and encoded once: what is too large is refused
here, and the same bytes are stored.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, get_args
from uuid import UUID

import uuid_utils.compat
from pydantic import ValidationError

from domain.errors import InvalidReport, TooLarge
from domain.events import Event, Recorded, Source
from domain.events.base import people_in
from domain.events.envelope import document, document_of
from domain.values import ID_PATTERN, KINDS, Visibility
from services.control import Keyring
from services.sealing import seal
from services.wire import LIMIT, Report, explain

STREAM: Final = re.compile(f"({'|'.join(KINDS)})/{ID_PATTERN}", re.ASCII)
ACTOR: Final = re.compile(f"(agent|contact|system)/{ID_PATTERN}", re.ASCII)
COMPANY: Final = re.compile(ID_PATTERN, re.ASCII)
VISIBILITIES: Final = frozenset(get_args(Visibility))


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
            event, stream_id, company_id, report,
            source=report.source, causation_id=report.causation_id, visibility=report.visibility,
        )  # fmt: skip

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
            event, stream_id, company_id, cause,
            source=cause.source.model_copy(update={"activity": None}),
            causation_id=str(cause.event_id),
            visibility=visibility or event.VISIBILITY or cause.visibility,
        )  # fmt: skip

    def _draft(
        self, event: Event, stream_id: str, company_id: str | None,
        like: Report | Recorded[Any], *, source: Source, causation_id: str | None,
        visibility: Visibility,
    ) -> Draft:  # fmt: skip
        """Write a document that shares its time, its actor and what it belongs to with *like*."""
        event_id: UUID = uuid_utils.compat.uuid7()
        fields = {
            "event_id": event_id,
            "type": event.TYPE,
            "schema_version": event.VERSION,
            "company_id": company_id,
            "stream_id": stream_id,
            "occurred_at": like.occurred_at,
            "recorded_at": self._now,
            "actor": like.actor,
            "source": source,
            "correlation_id": like.correlation_id,
            "causation_id": causation_id,
            "visibility": visibility,
            "subjects": tuple(dict.fromkeys(people_in(event))),
            "data": seal(event, event_id, stream_id, company_id, self._keyring),
        }
        is_sound = like.occurred_at.tzinfo is UTC and _are_sound(
            stream_id, company_id, like.actor, visibility
        )
        happened = (document if is_sound else _checked)(type(event), fields)
        return Draft(happened, event, encoded(happened))


@lru_cache(4096)
def _are_sound(stream_id: str, company_id: str | None, actor: str, visibility: str) -> bool:
    """Say whether ids and words, which come again and again, are what a document takes."""
    return bool(
        STREAM.fullmatch(stream_id)
        and (company_id is None or COMPANY.fullmatch(company_id))
        and ACTOR.fullmatch(actor)
        and visibility in VISIBILITIES
    )


def _checked(model: type[Event], fields: dict[str, Any]) -> Recorded[Any]:
    """Make a document of fields that are to be converted, or to be refused.

    Raises:
        InvalidReport: If one of them is not what it must be.
    """
    try:
        return document_of(model)(**fields)
    except ValidationError as error:
        raise InvalidReport(explain(error)) from None


def encoded(happened: Recorded[Any]) -> bytes:
    """Write a document as the bytes that go all the way.

    Raises:
        TooLarge: If it takes more than 256 KiB.
    """
    state = happened.encode()
    if len(state) > LIMIT:
        raise TooLarge(f"the event takes {len(state):,} bytes; at most {LIMIT:,} are kept")
    return state
