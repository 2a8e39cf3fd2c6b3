"""Hearing a report: what is asked of it before anything is decided.

Whoever made it (HTTP, the inbox, an importer), it must be something that every store of ours
can keep.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from domain.errors import InvalidReport, OtherStream, Refused
from domain.values import micros
from services.wire import Report, check_storable

NAME_BYTES: Final = 2_000
"""Bytes of source and id together: PostgreSQL's index takes no more than about 2,700."""


@dataclass(slots=True)
class Heard:
    """A report as it came to the door.

    Attributes:
        key: What makes it the same report when it comes again.
        digest: A keyed hash of what it says, by which a repeat with other content is noticed.
        refusal: Why it cannot be taken at all, if so.
    """

    report: Report
    key: tuple[str, str]
    digest: bytes = b""
    refusal: Refused | None = None


def hear(report: Report, content_key: bytes) -> Heard:
    """Look at what *report* says, or say why it cannot be taken."""
    key = report.source.system, report.source.external_id
    try:
        _check_stream(report)
        _check_names(report)
        return Heard(report, key, _digest(report, content_key))
    except Refused as refusal:
        return Heard(report, key, refusal=refusal)
    except UnicodeEncodeError:
        return Heard(report, key, refusal=InvalidReport("half a surrogate pair is not text"))


def _check_stream(report: Report) -> None:
    kind = report.event.stream_kind()
    if not report.stream_id.startswith(f"{kind}/"):
        raise OtherStream(
            f"{report.event.TYPE} stands in a stream {kind}/…, not in {report.stream_id[:140]}"
        )


def _check_names(report: Report) -> None:
    source = report.source
    named = source.system + source.external_id
    if not (source.system and source.external_id) or len(named.encode()) > NAME_BYTES:
        raise InvalidReport(f"source and id together are of 2 to {NAME_BYTES:,} bytes of text")
    others = (source.activity, report.company, report.correlation_id, report.causation_id)
    if "\x00" in "".join((named, report.stream_id, report.actor, *filter(None, others))):
        raise InvalidReport("the NUL character cannot be stored; remove it")


def _digest(report: Report, key: bytes) -> bytes:
    event = report.event
    said = event.__pydantic_serializer__.to_json(event)
    if b"\\u0000" in said:
        check_storable(event.model_dump(), "data")  # or somebody wrote about \u0000
    about = (
        event.TYPE, report.stream_id, str(micros(report.occurred_at)), report.actor,
        report.visibility, report.company or "",
    )  # fmt: skip
    content = "\x00".join(about).encode() + b"\x00" + said
    return hashlib.blake2b(content, key=key, digest_size=16).digest()
