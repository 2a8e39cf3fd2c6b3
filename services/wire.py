"""CloudEvents in: what a publisher sends becomes a `Report` that the desk can decide.

The event's own fields stand in ``data``; `source`, `id`, `time` and `subject` say where it
came from, when it happened and in which stream it belongs.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from domain.errors import InvalidReport, OtherStream, TooLarge
from domain.events import Event, Source, model_of
from domain.events.base import Part, marks
from domain.values import Actor, Moment, StreamId, Visibility, not_too_old

OURS: Final = "longcase"
"""The source of what is recorded here without a report: reads, and what watchers find."""

LIMIT: Final = 256 * 1024
"""Bytes of one event; larger ones are refused (Kafka carries 1 MiB at most)."""

DEPTH: Final = 32
"""How deep objects and lists may nest."""

LARGEST: Final = 2**63 - 1
"""The largest whole number a database column keeps."""

NAME_LIKE: Final = re.compile(r"[A-Za-z0-9_.\[\]-]{1,40}", re.ASCII)

TRACE: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
"""A traceparent of W3C Trace Context, version 00."""

_MOMENT: Final = TypeAdapter[datetime](Moment)


def _written_out(time: Any) -> datetime:
    """Refuse a time before 1970, and a count of seconds, or is it milliseconds."""
    if isinstance(time, datetime) or (isinstance(time, str) and "-" in time[1:]):
        return not_too_old(_MOMENT.validate_python(time))
    raise ValueError("a time is written as RFC 3339, such as 2026-11-03T14:02:00Z")


Name = Annotated[str, StringConstraints(min_length=1, max_length=512)]


@dataclass(frozen=True, slots=True)
class Report:
    """What a publisher says has happened, not yet decided.

    Attributes:
        event: The event's own fields, text open.
        company: A company id, or a reference such as ``domain=acme.com``, ``mail=…``,
            ``phone=…``, ``crm=4711``; empty to inherit the stream's.
        expected_version: The version the stream must be at, if the publisher cares.
        traceparent: The W3C trace it is reported in, which goes on to Kafka.
    """

    event: Event
    stream_id: str
    occurred_at: datetime
    actor: str
    source: Source
    visibility: Visibility
    company: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    expected_version: int | None = None
    traceparent: str | None = None

    def with_company(self, company: str | None) -> "Report":
        """Copy the report, naming another company."""
        return replace(self, company=company)


class CloudEvent(BaseModel):
    """A CloudEvent 1.0 in structured JSON, with our extensions."""

    model_config = ConfigDict(extra="forbid")

    specversion: Annotated[str, StringConstraints(pattern=r"^1\.\d+$")] = "1.0"
    type: Name
    source: Name
    id: Name
    time: Annotated[datetime, PlainValidator(_written_out, json_schema_input_type=datetime)]
    subject: StreamId
    data: dict[str, Any] = {}
    datacontenttype: Name | None = None
    dataschema: Name | None = None
    company: Name | None = None
    actor: Actor | None = None
    visibility: Visibility | None = None
    correlationid: Name | None = None
    causationid: Name | None = None
    expectedversion: Annotated[int, Field(ge=0, le=LARGEST)] | None = None
    traceparent: Name | None = None
    tracestate: Name | None = None


Resolve = Callable[[str, str], str | None]
"""(``contact``, ``mail=jan@acme.com``) to an id, if there is one."""


def read_cloud_event(body: bytes, resolve: Resolve | None = None) -> Report:
    """Turn one CloudEvent in structured JSON into a report.

    Args:
        body: UTF-8 JSON.
        resolve: Finds contacts that are named by an address or by another system's id.

    Raises:
        InvalidReport: If it is not JSON, or a field is missing, unknown, said twice or of a
            wrong kind; or if its source is our own, whose ids nobody else may take.
        UnknownType: If no event has its type.
        OtherStream: If its subject is a stream of another kind, or that of reads.
        TooLarge: If it is larger than 256 KiB.
    """
    if len(body) > LIMIT:
        raise TooLarge(f"the event has {len(body):,} bytes; at most {LIMIT:,} are taken")
    try:
        cloud = CloudEvent.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise InvalidReport(explain(error)) from None
    check_said_once(body)
    if cloud.subject.startswith("reads/"):
        raise OtherStream("who read what is recorded by longcase itself, never by a publisher")
    if cloud.source == OURS:
        raise InvalidReport(f"source: {OURS} is our own; name the system that reports")
    return to_report(cloud, resolve)


def to_report(cloud: CloudEvent, resolve: Resolve | None = None) -> Report:
    """Check the event's own fields and who may see it.

    Raises:
        InvalidReport: If a field of ``data`` is wrong, or a message does not say its
            visibility.
        UnknownType: If no event has its type.
        OtherStream: If its subject is a stream of another kind.
    """
    model = model_of(cloud.type)
    check_storable(cloud.model_dump())
    kind = cloud.subject.split("/", 1)[0]
    if kind != model.stream_kind():
        raise OtherStream(
            f"{cloud.type} stands in a stream {model.stream_kind()}/…, not in {cloud.subject}"
        )
    visibility = cloud.visibility or model.VISIBILITY
    if visibility is None:
        raise InvalidReport(
            f"visibility is missing: {cloud.type} must say public, internal or restricted"
        )
    named = _resolved(model, cloud.data, resolve) if resolve else cloud.data
    try:
        event = model.model_validate_json(orjson.dumps(named), strict=True)
    except ValidationError as error:
        raise InvalidReport(explain(error, "data.")) from None
    return Report(
        event=event,
        stream_id=cloud.subject,
        occurred_at=cloud.time,
        actor=cloud.actor or "system/unnamed",
        source=Source(system=cloud.source, external_id=cloud.id),
        visibility=visibility,
        company=cloud.company,
        correlation_id=cloud.correlationid,
        causation_id=cloud.causationid,
        expected_version=cloud.expectedversion,
        traceparent=trace_of(cloud.traceparent),
    )


def trace_of(said: str | None) -> str | None:
    """Take a trace as it is; one that is none is left out, as W3C Trace Context asks."""
    return said if said and TRACE.fullmatch(said) else None


def _resolved(model: type[Part], data: dict[str, Any], resolve: Resolve) -> dict[str, Any]:
    """Put ids where *data* names a contact by an address."""
    named = dict(data)
    for mark in marks(model):
        value = data.get(mark.field)
        if mark.reference == "contact" and isinstance(value, str) and "=" in value:
            named[mark.field] = resolve("contact", value)
            if named[mark.field] is None:
                raise InvalidReport(
                    f"data.{mark.field}: no contact is known by {value.split('=')[0]}=…; "
                    "report contact.registered first, or leave it out"
                )
        elif mark.part and isinstance(value, dict):
            named[mark.field] = _resolved(mark.part, value, resolve)
        elif mark.part and isinstance(value, list):
            named[mark.field] = [
                _resolved(mark.part, item, resolve) if isinstance(item, dict) else item
                for item in value
            ]
    return named


def explain(error: ValidationError, prefix: str = "") -> str:
    """Say what is wrong and where, without repeating the text that was sent."""
    problems = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(map(_named, problem["loc"]))
        problems.append(f"{prefix}{place}: {problem['msg']}" if place else problem["msg"])
    return "; ".join(problems[:5])


def _named(part: str | int) -> str:
    """Name a field in a reason; what does not look like a name is text, and not repeated."""
    return str(part) if isinstance(part, int) or NAME_LIKE.fullmatch(part) else "…"


def check_said_once(body: bytes) -> None:
    """Refuse an object that says a field twice: readers differ on which one counts.

    Raises:
        InvalidReport: If one does; the message names the field.
    """
    _SAID_ONCE.decode(body.decode())


def _said_once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise InvalidReport(f"{_named(twice)}: said twice in one object; say it once")


_SAID_ONCE: Final = json.JSONDecoder(object_pairs_hook=_said_once, parse_int=str, parse_float=str)


def check_storable(value: Any, place: str = "", depth: int = 0) -> None:
    """Refuse what JSON can say but no store of ours can keep.

    That is: the NUL character, half a surrogate pair, a number that is not finite or does not
    fit 64 bits, and nesting deeper than 32.

    Raises:
        InvalidReport: If there is one; the message says where.
    """
    match value:
        case str():
            _check_text(value, place)
        case int() if abs(value) > LARGEST:
            raise InvalidReport(f"{place}: the number does not fit 64 bits")
        case float() if not math.isfinite(value):
            raise InvalidReport(f"{place}: the number is not finite")
        case dict() | list() if depth == DEPTH:
            raise InvalidReport(f"{place[:60]}…: nested deeper than {DEPTH}")
        case dict():
            for key, item in value.items():
                _check_text(key, place)
                check_storable(item, f"{place}.{_named(key)}" if place else _named(key), depth + 1)
        case list():
            for index, item in enumerate(value):
                check_storable(item, f"{place}[{index}]", depth + 1)
        case _:  # a number in range, a truth, null, a time
            pass


def _check_text(text: str, place: str) -> None:
    if "\x00" in text:
        raise InvalidReport(f"{place}: the NUL character cannot be stored; remove it")
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidReport(f"{place}: half a surrogate pair is not text; send valid UTF-8")
