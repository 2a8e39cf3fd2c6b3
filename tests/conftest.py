"""What many tests ask for: a home, a store on either database, a desk and its clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from services.control import Control, Keyring
from services.desk import Desk

pytest_plugins = ["tests.stack_fixtures", "tests.whole_sets"]

settings.register_profile("shared", deadline=None)  # a loaded machine is no defect
settings.load_profile("shared")

OpenDesk = Callable[..., Desk]


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = datetime(2026, 11, 9, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Move on, or back: ``clock.move(hours=-1)``."""
        self.now += timedelta(**by)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder of the test's own."""
    return tmp_path


@pytest.fixture
def control_url(home: Path) -> str:
    """Where the control store is: a SQLite file."""
    return f"sqlite:///{home}/control.db"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.broker)])
def store_url(request: pytest.FixtureRequest, home: Path) -> str:
    """Where the event store is, on each of the two databases in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{home}/store.db"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
def clock() -> Clock:
    """The clock of the desks: Monday, a week after the examples began."""
    return Clock()


@pytest.fixture
def control(control_url: str) -> Iterator[Control]:
    """The control store."""
    control = Control(control_url)
    yield control
    control.close()


@pytest.fixture
def keyring(control: Control) -> Keyring:
    """The keys of the control store."""
    return Keyring(control)


@pytest.fixture
def open_desk(store_url: str, control_url: str, clock: Clock) -> Iterator[OpenDesk]:
    """Open one more desk on the store, as another process would."""
    opened: list[tuple[Desk, Control]] = []

    def open_one(**known: Any) -> Desk:
        control = Control(control_url)
        desk = Desk(store_url, control, Keyring(control), **{"clock": clock, **known})
        opened.append((desk, control))
        return desk

    yield open_one
    for desk, control in opened:
        desk.close()
        control.close()


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    """A desk over an empty store."""
    return open_desk()
