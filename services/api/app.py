"""The application: routes, problems, and the embedded projector beside them."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.base import RequestResponseEndpoint

from services.api import companies, events, meta, problems, tickets
from services.deployment import Deployment
from services.web import pages

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def create_app(deployment: Deployment) -> FastAPI:
    """Build the application that serves *deployment*."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        follower = threading.Thread(target=deployment.projector.follow, daemon=True)
        if deployment.is_embedded:
            follower.start()
        yield
        deployment.projector.stop()
        if follower.is_alive():
            follower.join(10)

    app = FastAPI(title="longcase", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.deployment = deployment
    problems.install(app)
    for part in (events, companies, tickets, meta, pages):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=pages.HERE / "static"), "static")

    @app.middleware("http")
    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return app
