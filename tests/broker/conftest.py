"""Deployments of a test's own, over the real broker that the session shares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.bus import Topics
from services.config import Settings
from services.stack import brokers_of, down, up
from tests.broker.deployed import Apart, Deployed
from tests.broker.kill.case import Case
from tests.broker.kill.forks import Zygote


@pytest.fixture
def deployed(kafka: str, tmp_path: Path) -> Iterator[Deployed]:
    """A deployment on SQLite files."""
    deployed = Deployed(Settings(home=tmp_path, kafka=kafka))
    with deployed.opened:
        deployed.create_topics()
        yield deployed


@pytest.fixture(params=["sqlite", "postgresql"])
def on_either(request: pytest.FixtureRequest, kafka: str, tmp_path: Path) -> Iterator[Deployed]:
    """A deployment on SQLite files, or on PostgreSQL."""
    urls = {}
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres")
        urls = {"store": url, "read_models": url, "control": url}
    deployed = Deployed(Settings(home=tmp_path, kafka=kafka, **urls))
    with deployed.opened:
        deployed.create_topics()
        yield deployed


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Apart]:
    """A deployment on SQLite files, over a broker of its own that a test may end."""
    kafka = up(tmp_path, brokers=1, postgres=False, heap="96m").kafka
    (broker,) = brokers_of(tmp_path)
    try:
        with (deployed := Deployed(Settings(home=tmp_path, kafka=kafka), Topics())).opened:
            deployed.create_topics()
            yield deployed, broker
    finally:
        down(tmp_path)


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """What forks the processes of a system, in a tenth of the time that starting them takes."""
    with Zygote() as zygote:
        yield zygote


@pytest.fixture
def case(zygote: Zygote, kafka: str, postgres: str, tmp_path: Path) -> Case:
    """A system on PostgreSQL that a test breaks in one place."""
    settings = Settings(
        home=tmp_path, kafka=kafka, store=postgres, read_models=postgres, control=postgres
    )
    return Case.of(zygote, settings)


@pytest.fixture
def sqlite_case(zygote: Zygote, kafka: str, tmp_path: Path) -> Case:
    """A system on SQLite files that a test breaks in one place."""
    return Case.of(zygote, Settings(home=tmp_path, kafka=kafka))
