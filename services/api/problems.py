"""Problem details (RFC 9457): every refusal has its HTTP answer, and none repeats what was sent."""

from typing import Any, Final

import structlog
from eventsourcing.persistence import OperationalError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from domain.errors import (
    ContentDiffers,
    Forbidden,
    Refused,
    TooLarge,
    Unreadable,
    WrongVersion,
)
from services.desk import Unavailable
from services.reading import NotFound
from services.receipts import Receipt
from services.security import Denied, NoKey

STATUS: Final[tuple[tuple[type[Exception], int, str], ...]] = (
    (NoKey, 401, "A valid API key is needed"),
    (Denied, 403, "Not allowed"),
    (NotFound, 404, "Not found"),
    (WrongVersion, 412, "The stream has moved on"),
    (TooLarge, 413, "Too large"),
    (ContentDiffers, 409, "Reported before with other content"),
    (Unreadable, 422, "The request cannot be understood"),
    (Forbidden, 409, "A rule forbids it"),
    (Unavailable, 503, "The store cannot be written now"),
    (OperationalError, 503, "The store cannot be reached now"),
)
"""The first one that fits is the answer."""

logger = structlog.get_logger()


class BadRequest(Unreadable):
    """The request itself is not as it must be."""


def install(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    for kind in (NoKey, Denied, Refused, Unavailable, OperationalError):
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def status_of(error: Exception) -> tuple[int, str]:
    """Find the HTTP status and title of an error."""
    return next((s, title) for kind, s, title in STATUS if isinstance(error, kind))


def status_of_receipt(receipt: Receipt) -> int:
    """Find the HTTP status of one report's receipt."""
    if receipt.status == "accepted":
        return 201
    if receipt.status == "duplicate":
        return 200
    kinds = {kind.__name__: kind for kind in _all_refusals(Refused)}
    name = "".join(part.capitalize() for part in (receipt.code or "").split("-"))
    return status_of(kinds[name].__new__(kinds[name]))[0]


def problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    """Build a problem document."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004
    if status == 503:  # noqa: PLR2004
        headers["Retry-After"] = "1"
    return JSONResponse(
        {"type": "about:blank", "title": title, "status": status, "detail": detail, **more},
        status,
        headers,
        "application/problem+json",
    )


async def _known(_: Request, error: Exception) -> JSONResponse:
    status, title = status_of(error)
    more = {"code": error.code} if isinstance(error, Refused) else {}
    if isinstance(error, WrongVersion):
        more["current_version"] = str(error.current)
    return problem(status, title, str(error), **more)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    wrong = [
        {"where": ".".join(str(part) for part in e["loc"]), "what": e["msg"]}
        for e in error.errors()
    ]
    detail = "; ".join(f"{w['where']}: {w['what']}" for w in wrong[:5])
    return problem(422, "The request cannot be understood", detail, errors=wrong)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    return problem(error.status_code, str(error.detail), str(error.detail))


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    logger.error("unforeseen error", path=request.url.path, exc_info=error)
    return problem(500, "A defect of ours", "it is in the log; nothing was recorded")


def _all_refusals(kind: type[Refused]) -> list[type[Refused]]:
    return [kind, *(k for sub in kind.__subclasses__() for k in _all_refusals(sub))]
