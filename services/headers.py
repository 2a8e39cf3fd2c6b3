"""CloudEvents out: a stored event becomes a Kafka record's headers, and a record a row again.

Binary mode of CloudEvents 1.0: the value is the stored document, byte for byte, the key is the
company (without one the stream), and the headers say what stands beside the document:

- ``ce_id``, ``ce_type``, ``ce_subject`` (the stream), ``ce_time`` (when it happened),
  ``ce_source`` (this deployment), ``ce_dataschema``, ``content-type``, ``ce_specversion``;
- ``ce_sequence``: the position, 20 digits; ``ce_streamversion``; ``ce_companyseq``, left out
  without a company;
- our own extensions, for read models: ``ce_committedat`` (microseconds since 1970),
  ``ce_late`` (``1``, or left out), ``ce_publicseq`` (left out where the customer may not see it);
- ``traceparent``, by W3C Trace Context, where the event has one.

On the topic of what customers may see stands nothing whose holes would count what they may not:
of the numbers only ``ce_publicseq``, which is dense within a company.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from services.store import Row

Header = tuple[str, bytes]

_VERSION: Final[Header] = ("ce_specversion", b"1.0")
_JSON: Final[Header] = ("content-type", b"application/json")
_LATE: Final[Header] = ("ce_late", b"1")

PUBLIC: Final = frozenset({
    "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_dataschema",
    "content-type", "ce_publicseq",
})  # fmt: skip
"""What may stand where customers look: what the document says too, and a dense number."""

_BEGINS: Final = re.compile(rb'\{"event_id":"([^"\\]+)","type":"[^"\\]+","schema_version":(\d+),')
_HAPPENED: Final = b'"occurred_at":"'
"""Where in a document stand what headers repeat: it is written once, its fields in order, and
nothing that anybody chose stands before them."""


class ForeignRecord(ValueError):
    """A record of the bus is none that our relay wrote."""


def key_of(row: Row) -> bytes:
    """Say what keeps an event in order: its company, or its stream if it has none."""
    return (row.company_id or row.stream_id).encode()


def headers_of(row: Row, source: str) -> list[Header]:
    """Write what stands beside the document.

    Args:
        source: Names this deployment.
    """
    headers = _described(row, source)
    headers += (
        ("ce_sequence", b"%020d" % row.position),
        ("ce_streamversion", b"%d" % row.stream_version),
        ("ce_committedat", b"%d" % row.committed_at),
    )
    if row.company_seq is not None:
        headers.append(("ce_companyseq", b"%d" % row.company_seq))
    if row.public_seq is not None:
        headers.append(("ce_publicseq", b"%d" % row.public_seq))
    if row.late:
        headers.append(_LATE)
    if row.traceparent:
        headers.append(("traceparent", row.traceparent.encode()))
    return headers


def public_headers_of(headers: Iterable[Header]) -> list[Header]:
    """Choose of an event's headers those that may stand where customers look."""
    return [header for header in headers if header[0] in PUBLIC]


def public_place_of(key: bytes | None, headers: Iterable[Header]) -> tuple[str, int]:
    """Read whose a record of the public topic is, and its number there.

    Raises:
        ForeignRecord: If it is none of ours.
    """
    try:
        return (key or b"").decode(), int(dict(headers)["ce_publicseq"])
    except (KeyError, ValueError) as error:
        raise ForeignRecord(f"a record without a public number: {error}") from None


def row_of(key: bytes | None, value: bytes | None, headers: Iterable[Header]) -> Row:
    """Read a record of the bus as the row that it was in the store.

    Raises:
        ForeignRecord: If it is none of ours.
    """
    said = dict(headers)
    try:
        company_seq = _number(said.get("ce_companyseq"))
        row = Row(
            position=int(said["ce_sequence"]),
            stream_id=said["ce_subject"].decode(),
            stream_version=int(said["ce_streamversion"]),
            type=_decoded(said["ce_type"]),
            state=value or b"",
            company_id=None if company_seq is None else (key or b"").decode(),
            company_seq=company_seq,
            public_seq=_number(said.get("ce_publicseq")),
            committed_at=int(said["ce_committedat"]),
            late=int("ce_late" in said),
        )
    except (KeyError, ValueError) as error:
        raise ForeignRecord(f"a header is missing or unreadable: {error}") from None
    if key != key_of(row):
        raise ForeignRecord(f"position {row.position} has a key that is not its own")
    return row


def position_of(headers: Iterable[Header]) -> int:
    """Read the position alone.

    Raises:
        ForeignRecord: If there is none.
    """
    try:
        return int(dict(headers)["ce_sequence"])
    except (KeyError, ValueError) as error:
        raise ForeignRecord(f"a record without a position: {error}") from None


def _described(row: Row, source: str) -> list[Header]:
    """Write what says no more than the document."""
    found = _BEGINS.match(row.state)
    happened = row.state.find(_HAPPENED)
    if found is None or happened < 0:
        raise ForeignRecord(f"position {row.position} is no document of ours")
    event_id, version = found.groups()
    begin = happened + len(_HAPPENED)
    return [
        _VERSION,
        ("ce_id", event_id),
        ("ce_source", _encoded(source)),
        ("ce_type", _encoded(row.type)),
        ("ce_subject", row.stream_id.encode()),
        ("ce_time", row.state[begin : row.state.index(b'"', begin)]),
        ("ce_dataschema", _schema(row.type, version)),
        _JSON,
    ]


def _number(header: bytes | None) -> int | None:
    return None if header is None else int(header)


@lru_cache(maxsize=1024)
def _encoded(text: str) -> bytes:
    return text.encode()


@lru_cache(maxsize=1024)
def _decoded(text: bytes) -> str:
    return text.decode()


@lru_cache(maxsize=1024)
def _schema(type_name: str, version: bytes) -> bytes:
    return f"/v1/schemas/{type_name}/".encode() + version
