"""Signing in: the key goes into a cookie that no script can read, and out of the address."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.api.identity import COOKIE, Deployed, is_same_site
from services.deployment import Deployment
from services.security import Denied
from services.web.page import HEADERS, templates
from services.web.posted import posted

DAY_SECONDS: Final = 86_400

router = APIRouter(include_in_schema=False)


@router.get("/signin")
def sign_in(request: Request, deployed: Deployed, key: str | None = None) -> Response:
    """Keep a key in the browser and show the companies; without one, ask for it."""
    if key is None:
        title = {"title": "Sign in"}
        return templates.TemplateResponse(request, "signin.html", title, headers=HEADERS)
    return _signed_in(request, deployed, key)


@router.post("/signin")
async def sign_in_by_form(request: Request, deployed: Deployed) -> Response:
    """Take a key from the form."""
    if not is_same_site(request):
        raise Denied("another site may not sign you in")
    return _signed_in(request, deployed, (await posted(request)).get("key", ""))


@router.post("/signout")
def sign_out(request: Request) -> Response:
    """Forget the key."""
    if not is_same_site(request):
        raise Denied("another site may not sign you out")
    answer = RedirectResponse("/signin", 303, HEADERS)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


def _signed_in(request: Request, deployed: Deployment, key: str) -> Response:
    deployed.keys.identify(key)
    answer = RedirectResponse("/", 303, HEADERS)
    answer.set_cookie(
        COOKIE, key, httponly=True, samesite="lax", max_age=DAY_SECONDS,
        secure=request.scope["scheme"] == "https",
    )  # fmt: skip
    return answer
