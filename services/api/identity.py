"""Who asks: a key in the Authorization header, or in the cookie of a signed-in browser."""

from typing import Annotated, Final

from fastapi import Depends, Request

from services.deployment import Deployment
from services.reading import Reading
from services.security import Denied, Identity, NoKey

COOKIE: Final = "longcase_key"
SAFE: Final = ("GET", "HEAD", "OPTIONS")


def deployment_of(request: Request) -> Deployment:
    """Find the deployment this application serves."""
    found: Deployment = request.app.state.deployment
    return found


def identify(request: Request) -> Identity:
    """Say who sent the request.

    Raises:
        NoKey: If there is no valid key.
        Denied: If another site makes a signed-in browser change something.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return deployment_of(request).keys.identify(key.strip())
    if cookie := request.cookies.get(COOKIE):
        if request.method not in SAFE and request.headers.get("sec-fetch-site") not in (
            "same-origin",
            "none",
        ):
            raise Denied("another site may not do this with your sign-in")
        return deployment_of(request).keys.identify(cookie)
    raise NoKey("send the header 'Authorization: Bearer KEY'; longcase keys create makes a key")


Who = Annotated[Identity, Depends(identify)]


def reading(request: Request, who: Who) -> Reading:
    """Read on behalf of the one who asks."""
    return Reading(deployment_of(request), who)


Read = Annotated[Reading, Depends(reading)]
Deployed = Annotated[Deployment, Depends(deployment_of)]
