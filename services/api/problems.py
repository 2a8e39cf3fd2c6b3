"""Problem details (RFC 9457): every error has its HTTP answer, and none repeats what was sent."""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from eventsourcing.persistence import PersistenceError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from domain.errors import CompanyHidden, Forbidden, Refused, TooLarge, Unreadable, WrongVersion
from domain.values import ID_PATTERN
from services.desk import Unavailable
from services.reading import NotFound
from services.receipts import Receipt
from services.security import Denied, NoKey

MEDIA_TYPE: Final = "application/problem+json"


def _databases() -> tuple[type[Exception], ...]:
    """List what the databases raise when they cannot be used just now."""
    try:
        from psycopg import OperationalError
    except ImportError:
        return PersistenceError, sqlite3.OperationalError
    return PersistenceError, sqlite3.OperationalError, OperationalError


DATABASES: Final = _databases()


class BadRequest(Unreadable):
    """The request itself is not as it must be."""


class UnsupportedMedia(Unreadable):
    """The body comes in a form that is not taken."""


STATUS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (NoKey, 401),
    (Denied, 403),
    (CompanyHidden, 403),
    (NotFound, 404),
    (WrongVersion, 412),
    (TooLarge, 413),
    (UnsupportedMedia, 415),
    (Unreadable, 422),
    (Forbidden, 409),
    (Unavailable, 503),
    *((kind, 503) for kind in DATABASES),
)
"""The first one that fits is the answer."""

CODES: Final[Mapping[type[Exception], str]] = {
    NoKey: "no-key",
    Denied: "denied",
    Unavailable: "unavailable",
    **dict.fromkeys(DATABASES, "unavailable"),
}
"""The code of an error that is no refusal; a refusal has its own."""

NOTHING: Final = "there is nothing here; /openapi.json lists what there is"
UNAVAILABLE: Final = "the store or a read model cannot be used now; try again"
NO_NUL: Final = "^[^\x00]*$"
PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.\[\]-]{1,40}", re.ASCII)

PATTERNS: Final = {
    NO_NUL: "the NUL character cannot stand in a text",
    "uuid_parsing": "an event's id is a UUID",
    f"^{ID_PATTERN}$": "an id has 1 to 128 letters, digits and . _ : ~ -",
}
"""What a text must be, by the pattern it does not match, or by the kind of the error."""

Shown = Callable[[Request, int, str], Response | None]
"""Shows a problem as a page to somebody with a browser: request, status, detail."""


class Problems:
    """Answers every error with a problem document, or with what *shown* makes of it."""

    def __init__(self, routes: Sequence[BaseRoute], shown: Shown) -> None:
        """Take all routes, to say what is allowed, and what shows a problem as a page."""
        self._routes = routes
        self._shown = shown

    async def known(self, request: Request, error: Exception) -> Response:
        """Answer a refusal, or that something cannot be used now."""
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
            raise error  # our SQL is wrong: a defect, not a database out of reach
        status, more = status_of(type(error)), dict[str, Any]()
        if isinstance(error, WrongVersion):
            more["current_version"] = error.current
        # What a database says of itself stays here.
        detail = UNAVAILABLE if status == HTTPStatus.SERVICE_UNAVAILABLE else str(error)
        return self._answer(request, problem(status, detail, code_of(error), **more), detail)

    async def invalid(self, request: Request, error: Exception) -> Response:
        """Answer a request that does not fit its route, without a word of what was sent."""
        wrong = _wrong(error)
        detail = "; ".join(f"{place}: {what}" for place, what in wrong[:5])
        errors = [{"where": place, "what": what} for place, what in wrong]
        document = problem(422, detail, "invalid-request", errors=errors)
        return self._answer(request, document, detail)

    async def of_http(self, request: Request, error: Exception) -> Response:
        """Answer a request for which there is no route, or not with this method."""
        assert isinstance(error, HTTPException)  # noqa: S101
        status, headers = error.status_code, dict(error.headers or {})
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = self._allowed(request) or headers.get("Allow", "GET")
        said = {404: NOTHING, 405: f"allowed here: {headers.get('Allow')}"}
        detail = said.get(status, HTTPStatus(status).phrase)
        code = HTTPStatus(status).phrase.lower().replace(" ", "-")
        return self._answer(request, problem(status, detail, code, headers=headers), detail)

    def _allowed(self, request: Request) -> str:
        """List what any of the routes of this address takes; one route knows only its own."""
        here = (r for r in self._routes if r.matches(request.scope)[0] is not Match.NONE)
        methods = {method for route in here for method in getattr(route, "methods", ())}
        return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))

    def _answer(self, request: Request, document: JSONResponse, detail: str) -> Response:
        return self._shown(request, document.status_code, detail) or document


def install(app: FastAPI, problems: Problems) -> None:
    """Answer every error of *app*."""
    for kind, _ in STATUS:
        app.add_exception_handler(kind, problems.known)
    app.add_exception_handler(RequestValidationError, problems.invalid)
    app.add_exception_handler(HTTPException, problems.of_http)


def problem(
    status: int, detail: str, code: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """Build a problem document."""
    added = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}.get(status, {})
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    return JSONResponse(content, status, {**added, **(headers or {})}, MEDIA_TYPE)


def status_of(kind: type[Exception]) -> int:
    """Find the HTTP status of a kind of error."""
    return next(status for known, status in STATUS if issubclass(kind, known))


def status_of_receipt(receipt: Receipt) -> int:
    """Find the HTTP status of one report's receipt."""
    if receipt.status != "refused":
        return 201 if receipt.status == "accepted" else 200
    name = "".join(part.capitalize() for part in (receipt.code or "").split("-"))
    return status_of({kind.__name__: kind for kind in refusals()}[name])


def code_of(error: Exception) -> str:
    """Find the stable name of an error."""
    if isinstance(error, Refused):
        return error.code
    return next(code for kind, code in CODES.items() if isinstance(error, kind))


def refusals(kind: type[Refused] = Refused) -> list[type[Refused]]:
    """List all refusals there are."""
    return [kind, *(found for sub in kind.__subclasses__() for found in refusals(sub))]


def _wrong(error: Exception) -> list[tuple[str, str]]:
    """List where a request is wrong, and how, without a word of what was sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return [(".".join(map(_place, found["loc"])), _what(found)) for found in error.errors()]


def _what(found: Mapping[str, Any]) -> str:
    """Say what is wrong in words; a pattern is for machines."""
    pattern = found.get("ctx", {}).get("pattern", found["type"])
    return PATTERNS.get(pattern) or str(found["msg"]).removeprefix("Value error, ")


def _place(part: int | str) -> str:
    return text if PLAIN_NAME.fullmatch(text := str(part)) else "…"
