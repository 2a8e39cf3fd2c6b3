"""The application: routes, problems, and the embedded projector beside them."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from services.api import companies, events, feed, meta, openapi, problems, schemas, tickets
from services.api.guard import Guard
from services.deployment import Deployment
from services.web import home, replay, signin, timeline
from services.web.page import HERE, Static, show_problem

THREADS: Final = 16
"""Requests worked on at once; each thread keeps connections, and so a page cache, of its own."""


def create_app(deployment: Deployment) -> FastAPI:
    """Build the application that serves *deployment*."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        deployment.open()
        follower = threading.Thread(target=deployment.projector.follow, daemon=True)
        if deployment.is_embedded:
            follower.start()
        yield
        deployment.projector.stop()
        if follower.is_alive():
            follower.join(10)

    app = FastAPI(
        title="longcase", version="1", description=openapi.ABOUT, lifespan=lifespan,
        docs_url=None, redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.deployment = deployment
    for part in (events, feed, companies, tickets, schemas, meta, home, signin, timeline, replay):
        app.include_router(part.router)
    app.mount("/static", Static(directory=HERE / "static"), "static")
    problems.install(app, show_problem)
    openapi.install(app)
    app.add_middleware(Guard)
    return app
