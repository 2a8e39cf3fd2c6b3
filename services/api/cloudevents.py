"""How a request carries CloudEvents: structured, binary, or as a batch."""

from typing import Final
from urllib.parse import unquote

from fastapi import Request

from domain.errors import TooLarge
from services import modes
from services.api.problems import BadRequest, UnsupportedMedia
from services.modes import BATCHED, PLAIN, STRUCTURED
from services.wire import LIMIT

BATCH_BYTES: Final = 8 * 1024 * 1024
PREFIX: Final = "ce-"

TAKEN: Final = (
    f"send {STRUCTURED}, or {BATCHED}, or {PLAIN} with the attributes in headers ce-…; "
    "in UTF-8, without Content-Encoding"
)


def mode_of(request: Request) -> str:
    """Say in which form the request carries events: one of the three media types.

    Raises:
        UnsupportedMedia: If in none, or in another encoding than UTF-8.
    """
    is_binary = any(name.startswith(PREFIX) for name in request.headers)
    mode = modes.mode_of(request.headers.get("content-type", ""), has_attributes=is_binary)
    is_packed = request.headers.get("content-encoding", "identity").lower() != "identity"
    if mode is None or is_packed:
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
    attributes: dict[str, str] = {}
    for header, value in request.headers.items():
        name = header.removeprefix(PREFIX)
        if name == header:
            continue
        if name in attributes:
            raise BadRequest("a header ce-… is said twice; say it once")
        attributes[name] = _text(value)
    try:
        return modes.joined(attributes, body, "ce-expectedversion")
    except modes.Malformed as error:
        raise BadRequest(str(error)) from None


def version(text: str, name: str) -> int:
    """Read a stream's version, bare or quoted.

    Raises:
        BadRequest: If it is none.
    """
    try:
        return modes.version(text, name)
    except modes.Malformed as error:
        raise BadRequest(str(error)) from None


def events_of(body: bytes) -> list[bytes]:
    """Cut a batch into its events.

    Raises:
        BadRequest: If it is not a JSON array, or of more than 1,000 events.
    """
    try:
        return modes.events_of(body)
    except modes.Malformed as error:
        raise BadRequest(str(error)) from None


def _text(value: str) -> str:
    try:
        value.encode("ascii")
        return unquote(value, errors="strict")
    except UnicodeError:
        raise BadRequest("headers ce-… are percent-encoded UTF-8") from None
