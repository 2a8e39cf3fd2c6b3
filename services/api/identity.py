"""Who asks: a key in the Authorization header, or in the cookie of a signed-in browser."""

from typing import Annotated, Final

from fastapi import Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from domain.values import ID_PATTERN
from services.api.problems import NO_NUL
from services.briefings import Briefings
from services.deployment import Deployment
from services.security import Denied, Identity, NoKey

COOKIE: Final = "longcase_key"
SAFE: Final = ("GET", "HEAD", "OPTIONS")

PathId = Annotated[str, Path(pattern=f"^{ID_PATTERN}$")]
QueryText = Annotated[str | None, Query(max_length=200, pattern=NO_NUL)]


def deployment_of(request: Request) -> Deployment:
    """Find the deployment this application serves."""
    found: Deployment = request.app.state.deployment
    return found


async def identify(request: Request) -> Identity:
    """Say who sent the request; only a key not seen before needs another thread's time.

    Raises:
        NoKey: If there is no valid key.
        Denied: If another site makes a signed-in browser change something.
    """
    key, keys = key_of(request), deployment_of(request).keys
    if known := keys.remembered(key):
        return known
    return await run_in_threadpool(keys.identify, key)


def identified(request: Request) -> Identity:
    """Say who sent the request, where one may wait for it; raises as `identify` does."""
    key, keys = key_of(request), deployment_of(request).keys
    return keys.remembered(key) or keys.identify(key)


def key_of(request: Request) -> str:
    """Find the key that came with a request."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    if cookie := request.cookies.get(COOKIE):
        if request.method not in SAFE and not is_same_site(request):
            raise Denied("another site may not do this with your sign-in")
        return cookie
    raise NoKey


def is_same_site(request: Request) -> bool:
    """Say whether the browser sent this from a page of ours, or by its user's own hand."""
    return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")


Who = Annotated[Identity, Depends(identify)]


async def reading(request: Request, who: Who) -> Briefings:
    """Read on behalf of the one who asks."""
    return Briefings(deployment_of(request), who)


async def deployed(request: Request) -> Deployment:
    """Find the deployment this application serves."""
    return deployment_of(request)


Read = Annotated[Briefings, Depends(reading)]
Deployed = Annotated[Deployment, Depends(deployed)]
