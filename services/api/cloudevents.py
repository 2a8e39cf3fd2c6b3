"""How a request carries CloudEvents: structured, binary, or as a batch.

Each event comes out as the very text that was sent: what says a field twice, or a number that
fits no column, is noticed where events are read.
"""

import json
import re
from collections.abc import Iterator
from email.message import Message
from typing import Any, Final
from urllib.parse import unquote

import orjson
from fastapi import Request

from domain.errors import TooLarge
from services.api.problems import BadRequest, UnsupportedMedia
from services.desk import BATCH
from services.wire import LIMIT

BATCH_BYTES: Final = 8 * 1024 * 1024
STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
PLAIN: Final = "application/json"
PREFIX: Final = "ce-"

TAKEN: Final = (
    f"send {STRUCTURED}, or {BATCHED}, or {PLAIN} with the attributes in headers ce-…; "
    "in UTF-8, without Content-Encoding"
)
VERSION: Final = re.compile(r'"?([0-9]{1,18})"?', re.ASCII)

_SPACE: Final = re.compile(r"[ \t\r\n]*", re.ASCII)
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str)


def mode_of(request: Request) -> str:
    """Say in which form the request carries events: one of the three media types.

    Raises:
        UnsupportedMedia: If in none, or in another encoding than UTF-8.
    """
    said = Message()
    said["content-type"] = request.headers.get("content-type", "")
    mode, charset = said.get_content_type(), said.get_param("charset", "utf-8")
    is_binary = any(name.startswith(PREFIX) for name in request.headers)
    known = mode in (STRUCTURED, BATCHED) or (mode == PLAIN and is_binary)
    if not known and is_binary and "content-type" not in request.headers:
        mode, known = PLAIN, True
    is_utf8 = str(charset).strip("\"'").lower() in ("utf-8", "utf8", "us-ascii")
    is_packed = request.headers.get("content-encoding", "identity").lower() != "identity"
    if not known or not is_utf8 or is_packed:
        raise UnsupportedMedia(TAKEN)
    return mode


async def body_of(request: Request, mode: str) -> bytes:
    """Read the body, no further than it may be long.

    Raises:
        TooLarge: If it is longer.
    """
    limit = BATCH_BYTES if mode == BATCHED else LIMIT
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"the request is larger than {limit:,} bytes; send less at once")
    return bytes(body)


def from_binary(request: Request, body: bytes) -> bytes:
    """Put a CloudEvent in binary mode (attributes in headers) into structured form.

    Raises:
        BadRequest: If a header is said twice, or is not percent-encoded UTF-8.
    """
    attributes: dict[str, Any] = {}
    for header, value in request.headers.items():
        name = header.removeprefix(PREFIX)
        if name == header:
            continue
        if name in attributes:
            raise BadRequest("a header ce-… is said twice; say it once")
        attributes[name] = _text(value)
    if (expected := attributes.get("expectedversion")) is not None:
        attributes["expectedversion"] = version(expected, "ce-expectedversion")
    return orjson.dumps(attributes)[:-1] + b',"data":' + (body.strip() or b"{}") + b"}"


def version(text: str, name: str) -> int:
    """Read a stream's version, bare or quoted.

    Raises:
        BadRequest: If it is none.
    """
    found = VERSION.fullmatch(text.strip())
    if not found:
        raise BadRequest(f'{name} must be one stream version, such as "3"')
    return int(found[1])


def events_of(body: bytes) -> list[bytes]:
    """Cut a batch into its events.

    Raises:
        BadRequest: If it is not a JSON array, or of more than 1,000 events.
    """
    try:
        found = [event.encode() for event in _items(body.decode())]
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise BadRequest("the batch is not a JSON array of CloudEvents in UTF-8") from None
    if len(found) > BATCH:
        raise BadRequest(f"the batch has more than {BATCH:,} events; send fewer at once")
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


def _text(value: str) -> str:
    try:
        value.encode("ascii")
        return unquote(value, errors="strict")
    except UnicodeError:
        raise BadRequest("headers ce-… are percent-encoded UTF-8") from None
