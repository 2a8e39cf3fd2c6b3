"""How answers are written: bytes as they are, tags for caches, links to the next page."""

from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from fastapi import Request, Response

from domain.values import Reader
from projections.cursor import LENGTH
from services.reading import Answer

JSON: Final = "application/json"
POSITION: Final = "Longcase-Position"
CACHED: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}

_CURSOR: Final = b'"cursor":"'
_BEHIND: Final = len(_CURSOR) + LENGTH
"""Up to there an entry says its place, which is that of its id, and its cursor."""


def json(value: Any, headers: dict[str, str] | None = None) -> Response:
    """Answer with a value as JSON."""
    return Response(orjson.dumps(value), media_type=JSON, headers=headers)


def page(request: Request, reader: Reader, answer: Answer) -> Response:
    """Answer with a page of a timeline, or with 304 if it is what the one who asks has."""
    headers = {**CACHED, "ETag": tag_of(request, reader, answer)}
    if answer.page.counted:
        headers[POSITION] = str(answer.page.position)
    if links := _links(request, answer):
        headers["Link"] = links
    if headers["ETag"] in request.headers.get("if-none-match", "").split(", "):
        return Response(status_code=304, headers=headers)
    body = answer.page.json({"stale": True} if answer.stale else {})
    return Response(body, media_type=JSON, headers=headers)


def tag_of(request: Request, reader: Reader, answer: Answer) -> str:
    """Tag what a page says, names filled in, to one kind of reader.

    Cursors and the position move with every event anywhere; they are left out, or no page would
    ever be the same twice.  So the tag is a weak one.
    """
    rights = sorted(reader.visibilities), reader.public_only, answer.stale
    edges = bool(answer.page.next), bool(answer.page.prev)
    hashed = sha256(repr((request.scope["query_string"], rights, edges)).encode())
    hashed.update(
        b"".join([entry[entry.index(_CURSOR) + _BEHIND :] for entry in answer.page.entries])
    )
    return f'W/"{hashed.hexdigest()[:32]}"'


def link(request: Request, without: tuple[str, ...] = (), **given: Any) -> str:
    """Write the address of this request with other parameters, without naming the host."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k not in {*given, *without}]
    said = [(name, value) for name, value in given.items() if value is not None]
    path: str = quote(request.scope["path"])
    return f"{path}?{urlencode([*kept, *said])}"


def _links(request: Request, answer: Answer) -> str:
    """Write the Link header (RFC 8288) to the pages on either side."""
    sides = (("after", answer.page.next, "next"), ("before", answer.page.prev, "prev"))
    away = ("after", "before", "wait_for")
    return ", ".join(
        f'<{link(request, away, **{word: cursor})}>; rel="{rel}"'
        for word, cursor, rel in sides
        if cursor
    )
