"""A timeline that follows a log in memory, on either database, for the tests that read one."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from domain.events import Event, Logged, Recorded
from domain.values import Reader, everything
from projections.cursor import Cursors
from projections.database import Database
from projections.projection import View
from projections.timeline import timeline
from projections.timeline_filter import Filter
from projections.timeline_query import Page, page
from tests.events import Log
from tests.examples import ACME, MONDAY

CURSORS: Final = Cursors(b"the key that signs cursors")
AGENT: Final = Reader(frozenset(("public", "internal")))
CUSTOMER: Final = Reader(frozenset(("public",)), frozenset((ACME,)), public_only=True)
PAGING: Final = frozenset(("after", "before", "limit", "order", "head"))


class Story:
    """A timeline that follows a log, and questions to it."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.log = Log()

    def tell(self, *events: Recorded[Event]) -> list[Logged]:
        """Append *events* to the log and fold them, 500 at a time as a projector does."""
        told = self.log.add(*events)
        for start in range(0, len(told), 500):
            with self.view.database.transaction():
                timeline.apply(self.view, told[start : start + 500])
        return told

    def page(self, reader: Reader | None = None, company: str = ACME, **asked: Any) -> Page:
        """Read a page as of the log's head; other names are those of the filter."""
        paging = {name: asked.pop(name) for name in list(asked) if name in PAGING}
        paging = {"head": self.log.position, **paging}
        reader = reader or everything()
        return page(self.view, reader, company, Filter(**asked), CURSORS, **paging)

    def entries(self, reader: Reader | None = None, **asked: Any) -> list[dict[str, Any]]:
        return read(self.page(reader, **asked))

    def positions(self, reader: Reader | None = None, **asked: Any) -> list[int]:
        return [entry["position"] for entry in self.entries(reader, **asked)]


def read(page: Page) -> list[dict[str, Any]]:
    """Parse what was joined."""
    entries: list[dict[str, Any]] = orjson.loads(page.json())["entries"]
    assert [orjson.loads(entry) for entry in page.entries] == entries
    return entries


def minute(number: int) -> datetime:
    """Say the time so many minutes after the story began."""
    return MONDAY + timedelta(minutes=number)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/timeline.db"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
def story(database_url: str) -> Iterator[Story]:
    with closing(Database(database_url)) as database:
        view = timeline.view(database, generation=1)
        view.create()
        yield Story(view)
