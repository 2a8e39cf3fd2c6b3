"""Requests to the application byte by byte: what no well-behaved client would send."""

from typing import Any, NamedTuple
from urllib.parse import unquote

from tests.served import Served

Headers = list[tuple[bytes, bytes]]


class Told(NamedTuple):
    """An answer as it went out."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    served: Served,
    method: str,
    target: bytes,
    headers: Headers | None = None,
    body: bytes = b"",
    *,
    who: str | None = "auditor",
) -> Told:
    """Send a request as a server would hand it on, the target percent-encoded."""
    path, _, query = target.partition(b"?")
    said = [(name.lower(), value) for name, value in headers or []]
    if who and not any(name == b"authorization" for name, _ in said):
        said.append((b"authorization", served.bearer(who)["Authorization"].encode()))
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
        "method": method, "scheme": "http", "path": unquote(path.decode("latin-1")),
        "raw_path": path, "query_string": query, "root_path": "", "headers": said,
        "client": ("127.0.0.1", 1), "server": ("localhost", 80), "extensions": {},
    }  # fmt: skip
    return _called(served, scope, body)


def _called(served: Served, scope: dict[str, Any], body: bytes) -> Told:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    portal, app = served.client.portal, served.client.app
    assert portal is not None
    portal.call(app, scope, receive, send)
    start = sent[0]
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]
    }
    return Told(start["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]))
