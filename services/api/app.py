"""The application: routes, problems, and the embedded projector and watchers beside them."""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Final

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from services.api import (
    asyncapi,
    companies,
    dossiers,
    duplicates,
    event,
    events,
    feed,
    known,
    meta,
    metrics,
    openapi,
    portfolio,
    problems,
    schemas,
    tickets,
)
from services.api.guard import Guard
from services.api.lanes import Lanes
from services.deployment import Deployment
from services.security import KEY
from services.watcher import watch_beside
from services.web import home, replay, shown, signin, timeline
from services.web.page import HERE, Static, show_problem

THREADS: Final = 16
"""Requests worked on at once; each thread keeps connections, and so a page cache, of its own."""


PARTS: Final = (
    companies, dossiers, tickets, known, duplicates, portfolio, events, feed, event, schemas, meta,
    metrics, asyncapi, home, signin, timeline, replay, shown,
)  # fmt: skip
"""Routes are looked through in this order, so those that are asked most stand first."""


def create_app(deployment: Deployment) -> FastAPI:
    """Build the application that serves *deployment*."""
    app = FastAPI(
        title="longcase", version="1", description=openapi.ABOUT, lifespan=_living,
        docs_url=None, redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.deployment = deployment
    for part in PARTS:
        app.include_router(part.router)
    app.mount("/static", Static(directory=HERE / "static"), "static")
    routes = [route for part in PARTS for route in part.router.routes]
    problems.install(app, problems.Problems(routes, show_problem))
    openapi.install(app)
    app.add_middleware(Guard)
    logging.getLogger("uvicorn.access").addFilter(_without_key)
    return app


@asynccontextmanager
async def _living(app: FastAPI) -> AsyncIterator[None]:
    """Keep embedded read models up to date, and watch, while requests are served."""
    deployment: Deployment = app.state.deployment
    current_default_thread_limiter().total_tokens = THREADS
    deployment.open()
    app.state.lanes = lanes = Lanes(deployment.reads)
    follower = threading.Thread(target=deployment.projector.follow, daemon=True)
    with ExitStack() as beside:
        if deployment.is_embedded:
            follower.start()
            beside.enter_context(watch_beside(deployment))
        yield
    lanes.close()
    deployment.projector.stop()
    if follower.is_alive():
        follower.join(10)


def _without_key(record: logging.LogRecord) -> bool:
    """Take the key of a sign-in link out of uvicorn's access log, should somebody keep one."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            KEY.sub("[key]", part) if isinstance(part, str) else part for part in record.args
        )
    return True
