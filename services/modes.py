"""The modes in which CloudEvents are carried, whatever carries them: HTTP or Kafka.

Each event comes out as the very text that was sent: what says a field twice, or a number that
fits no column, is noticed where events are read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Any, Final

import orjson

from services.desk import BATCH

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
PLAIN: Final = "application/json"

VERSION: Final = re.compile(r'"?([0-9]{1,18})"?', re.ASCII)

_SPACE: Final = re.compile(r"[ \t\r\n]*", re.ASCII)
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str)


class Malformed(ValueError):
    """What carries events is not as it must be; the message says why."""


def mode_of(content_type: str, *, has_attributes: bool) -> str | None:
    """Say in which of the three modes a content type carries events; ``None`` if in none.

    Args:
        has_attributes: Whether attributes stand beside the value, as in binary mode.
    """
    if not content_type and has_attributes:
        return PLAIN
    said = Message()
    said["content-type"] = content_type
    mode, charset = said.get_content_type(), said.get_param("charset", "utf-8")
    if str(charset).strip("\"'").lower() not in ("utf-8", "utf8", "us-ascii"):
        return None
    if mode in (STRUCTURED, BATCHED) or (mode == PLAIN and has_attributes):
        return mode
    return None


def joined(attributes: Mapping[str, str], data: bytes, expected: str) -> bytes:
    """Put an event in binary mode, attributes beside its data, into structured form.

    Args:
        expected: What the attribute `expectedversion` is called where it was said.

    Raises:
        Malformed: If it is no version.
    """
    event: dict[str, Any] = dict(attributes)
    if (wanted := attributes.get("expectedversion")) is not None:
        event["expectedversion"] = version(wanted, expected)
    return orjson.dumps(event)[:-1] + b',"data":' + (data.strip() or b"{}") + b"}"


def version(text: str, name: str) -> int:
    """Read a stream's version, bare or quoted.

    Raises:
        Malformed: If it is none.
    """
    found = VERSION.fullmatch(text.strip())
    if not found:
        raise Malformed(f'{name} must be one stream version, such as "3"')
    return int(found[1])


def events_of(body: bytes) -> list[bytes]:
    """Cut a batch into its events.

    Raises:
        Malformed: If it is not a JSON array, or of more than 1,000 events.
    """
    try:
        found = [event.encode() for event in _items(body.decode())]
    except (RecursionError, ValueError):  # also what is not UTF-8
        raise Malformed("the batch is not a JSON array of CloudEvents in UTF-8") from None
    if len(found) > BATCH:
        raise Malformed(f"the batch has more than {BATCH:,} events; send fewer at once")
    return found


def _items(text: str) -> Iterator[str]:
    """Yield the texts of the items of a JSON array."""
    at = _expect("[", text, 0)
    if text[at : at + 1] == "]":
        at += 1
    else:
        while True:
            _, end = _DECODER.raw_decode(text, at)
            yield text[at:end]
            at = _space(text, end)
            if text[at : at + 1] == "]":
                at += 1
                break
            at = _expect(",", text, at)
    if _space(text, at) != len(text):
        raise ValueError("something follows the array")


def _expect(character: str, text: str, at: int) -> int:
    at = _space(text, at)
    if text[at : at + 1] != character:
        raise ValueError(f"no {character}")
    return _space(text, at + 1)


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
