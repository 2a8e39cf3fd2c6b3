"""A deployment on either database, and the real watchers, told to look at what is recorded."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from services.config import Settings
from services.deployment import Deployment
from services.security import local
from services.watcher import WATCHERS, Watch
from services.watcher.mark import WatcherMark
from services.wire import Report
from services.witness import Witness
from tests.reports import statuses


class Watched:
    """One deployment, whose watchers look when they are told to."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    def tell(self, *reports: Report) -> list[str]:
        """Record what must be taken; return the ids of the events."""
        receipts = self.deployment.desk.record(reports)
        assert set(statuses(receipts)) == {"accepted"}, receipts
        self.deployment.catch_up()
        return [str(receipt.event_id) for receipt in receipts]

    def watch(self) -> None:
        """Let the watchers look at everything up to the head, and fold what they recorded."""
        Watch(self.deployment, WATCHERS).run(Event(), to_the_head=True)
        self.deployment.catch_up()

    def types(self, ticket: str) -> list[str]:
        """List what happened to a ticket, in recorded order."""
        return [row.type for row in self.deployment.log.of_stream(f"ticket/{ticket}")]

    def marks(self) -> dict[str, int]:
        with closing(WatcherMark(self.deployment.log.url)) as mark:
            return mark.saved()

    @property
    def reading(self) -> Witness:
        """What the owner of the machine reads."""
        return Witness(self.deployment, local())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched]:
    """An empty deployment on each database, its watchers begun."""
    known: dict[str, Any] = {}
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres"))
        known = {"store": url, "read_models": url}
    with Deployment(Settings(home=tmp_path, **known)) as deployment:
        made = Watched(deployment)
        made.watch()
        yield made
