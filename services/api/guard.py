"""What every request passes first and every answer last: bounds, HEAD, headers, defects.

It is pure ASGI and sees messages, not bodies, so that it costs microseconds.
"""

import secrets
import traceback
from typing import Final

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import problem

POLICY: Final = (
    b"default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
"""No page has a script, so none may run."""

HEADERS: Final = (
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Set where an answer does not say otherwise."""

LONGEST_URL: Final = 16 * 1024
"""Bytes of path and query: 200 values of a filter fit."""

LARGEST_HEAD: Final = 32 * 1024
"""Bytes of all headers."""

logger = structlog.get_logger()


class Guard:
    """Stands around the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, is_head=scope["method"] == "HEAD")
        inner = {**scope, "method": "GET"} if answer.is_head else scope
        try:
            await (_out_of_bounds(scope) or self._app)(inner, receive, answer.send)
        except ClientDisconnect:
            return
        except Exception as error:
            found = secrets.token_hex(6)
            logger.error("a defect of ours", id=found, error=_without_text(error))  # noqa: TRY400
            if answer.begun:
                raise
            await _defect(found)(scope, receive, answer.send)


class _Answer:
    """Passes an answer on with our headers, and without a body where only its head is asked."""

    def __init__(self, send: Send, *, is_head: bool) -> None:
        self._send = send
        self.is_head = is_head
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            said = {name.lower() for name, _ in message["headers"]}
            ours = [(name, value) for name, value in HEADERS if name not in said]
            message = {**message, "headers": [*message["headers"], *ours]}
        elif message["type"] == "http.response.body" and self.is_head:
            message = {**message, "body": b""}
        await self._send(message)


def _out_of_bounds(scope: Scope) -> ASGIApp | None:
    if len(scope["raw_path"] or b"") + len(scope["query_string"]) > LONGEST_URL:
        return problem(414, f"path and query have at most {LONGEST_URL:,} bytes", "url-too-long")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEAD:
        return problem(431, f"all headers have at most {LARGEST_HEAD:,} bytes", "headers-too-large")
    return None


def _defect(found: str) -> ASGIApp:
    detail = f"a defect of ours; it is in the log under {found}"
    return problem(500, detail, "defect", id=found)


def _without_text(error: BaseException) -> str:
    """Tell where an error came from; its message may hold what somebody wrote."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__module__}.{type(error).__qualname__}"
