"""The deployment of this machine, as its owner uses it: every role, through the same doors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from services.cli.errors import NotThere, Usage
from services.cli.progress import progress

if TYPE_CHECKING:
    from services.config import Settings
    from services.deployment import Deployment
    from services.witness import Witness

PART: Final = 2_000
"""Events folded between two looks of the progress bar."""


def settings() -> Settings:
    """Read the settings.

    Raises:
        Usage: If one of them makes no sense.
    """
    from pydantic import ValidationError

    from services.config import PREFIX, Settings

    try:
        found = Settings()
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        if not wrong["loc"]:
            raise Usage(wrong["msg"].removeprefix("Value error, ")) from None
        name = f"{PREFIX}{str(wrong['loc'][0]).upper()}"
        raise Usage(f"the setting {name} is wrong: {wrong['msg']}") from None
    for name in ("store", "read_models", "control"):
        if not _is_database(getattr(found, name)):
            raise Usage(
                f"the setting {PREFIX}{name.upper()} is wrong: write sqlite:///path or postgresql://…"
            )
    return found


def _is_database(url: str) -> bool:
    """Say whether it is a file or a server; SQLite's databases in memory last for no command."""
    if url.startswith("sqlite:///"):
        return url.removeprefix("sqlite:///") not in ("", ":memory:")
    return url.startswith(("postgresql://", "postgres://"))


def settings_of_something() -> Settings:
    """Read the settings of a deployment that holds something, and make nothing where none is.

    Raises:
        NotThere: If nothing is recorded there.
    """
    from services.config import masked

    found = settings()
    if _is_recorded(found.store):
        return found
    where = "LONGCASE_STORE" if found.origin("store") != "default" else "LONGCASE_HOME"
    raise NotThere(f"nothing is recorded in {masked(found.store)}; check {where}")


def _is_recorded(store: str) -> bool:
    from contextlib import closing
    from pathlib import Path

    from projections.database import Database

    if store.startswith("sqlite:") and not Path(store.removeprefix("sqlite:///")).exists():
        return False
    with closing(Database(store)) as database:
        return database.holds("stored_events")


@contextmanager
def deployed() -> Iterator[Deployment]:
    """Open the deployment of this machine."""
    from services.deployment import Deployment
    from services.logs import configure

    configure(logging.WARNING)
    with Deployment(settings()) as deployment:
        yield deployment


@contextmanager
def reading() -> Iterator[tuple[Witness, Deployment]]:
    """Open the deployment to read from it, its read models up to date."""
    from services.security import local
    from services.witness import Witness

    with deployed() as deployment:
        catch_up(deployment)
        yield Witness(deployment, local()), deployment
        catch_up(deployment, shown=False)  # that somebody looked is an event, too, and no lag


def catch_up(deployment: Deployment, *, shown: bool = True) -> None:
    """Bring embedded read models up to date; whoever waits long sees how far that is.

    Those that follow Kafka are left to its processes.
    """
    from services.projector import FollowsKafka

    if not deployment.is_embedded:
        return
    with suppress(FollowsKafka):
        _rebuild_older(deployment, shown=shown)
        _fold(deployment, shown=shown)


def _rebuild_older(deployment: Deployment, *, shown: bool) -> None:
    """Build anew what an older version of longcase has written."""
    from services.catalogue import PROJECTIONS

    for projection in PROJECTIONS.values():
        version = deployment.models.version(projection)
        if version is not None and version != projection.version:
            with progress(f"Rebuilding {projection.name}", "events", shown=shown) as tick:
                deployment.rebuilder.rebuild(projection, tick)


def _fold(deployment: Deployment, *, shown: bool) -> None:
    head, position = deployment.log.head(), deployment.projector.catch_up(upto=0)
    is_long = head - position > PART
    with progress("Updating the read models", "events", shown=shown and is_long) as tick:
        while position < head:
            position = deployment.projector.catch_up(upto=min(position + PART, head))
            tick(position, head)
