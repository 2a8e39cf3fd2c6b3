"""What every page has: templates, freshness, headers; and problems as pages."""

from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.responses import FileResponse

from services.api.identity import deployment_of
from services.health import BEHIND_SECONDS
from services.standing import standing
from services.web import words

HERE: Final = Path(__file__).parent
STYLE: Final = HERE / "static" / "longcase.css"
HEADERS: Final = {
    "Cache-Control": "private, no-cache",
    "Vary": "Accept, Authorization, Cookie",
}
NO_PAGES: Final = (
    "/v1/", "/static/", "/openapi.json", "/asyncapi.json", "/livez", "/readyz", "/metrics",
)  # fmt: skip

SAY: Final = {
    401: "Please sign in",
    403: "Not with this key",
    404: "Nothing here",
    422: "That cannot be understood",
    503: "Not available just now",
}

templates: Final = Jinja2Templates(HERE / "templates")
templates.env.trim_blocks = templates.env.lstrip_blocks = True
templates.env.globals["style"] = (
    f"/static/longcase.css?v={blake2b(STYLE.read_bytes(), digest_size=6).hexdigest()}"
)
for _filter in (
    words.kind, words.mood, words.day, words.date, words.clock, words.plain, words.label,
    words.written, words.facts, words.by_day,
):  # fmt: skip
    templates.env.filters[_filter.__name__] = _filter


class Static(StaticFiles):
    """The stylesheet, kept for good by browsers: its address changes with its content."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with a file."""
        answer = super().file_response(*args, **kwargs)
        if isinstance(answer, FileResponse):
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def page(request: Request, template: str, **values: Any) -> Response:
    """Render a page for somebody who is signed in."""
    behind = max((p["lag_seconds"] for p in standing(deployment_of(request))), default=0.0)
    fresh = {
        "behind": behind > BEHIND_SECONDS,
        "text": "Up to date" if behind < 1 else f"{behind:,.0f} s behind",
    }
    return templates.TemplateResponse(
        request, template, {"fresh": fresh, **values}, headers=HEADERS
    )


def show_problem(request: Request, status: int, detail: str) -> Response | None:
    """Show a problem to somebody with a browser; ``None`` to everybody else."""
    wants_html = "text/html" in request.headers.get("accept", "")
    if not wants_html or request.scope["path"].startswith(NO_PAGES):
        return None
    template = "signin.html" if status == HTTPStatus.UNAUTHORIZED else "problem.html"
    title = SAY.get(status, HTTPStatus(status).phrase)
    return templates.TemplateResponse(
        request, template, {"title": title, "detail": detail}, status_code=status, headers=HEADERS
    )
