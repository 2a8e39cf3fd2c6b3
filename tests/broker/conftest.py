"""Deployments of a test's own, over the real broker that the session shares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.config import Settings
from tests.broker.deployed import Deployed


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
