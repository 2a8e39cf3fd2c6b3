"""The sample's story, served over HTTP, with a key for every kind of asker."""

import itertools
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from services.api.app import create_app
from services.config import Settings
from services.deployment import Deployment
from services.sample import STORY
from services.security import Role
from services.wire import read_cloud_event

ACME: Final = "acme-broadcast"
OTHER: Final = "kanaal-zeven"
LONG: Final = "TCK-1182"
MOVED: Final = "TCK-1121"

KEYS: Final[dict[str, tuple[Role, tuple[str, ...], tuple[str, ...]]]] = {
    "publisher": ("publisher", (), ()),
    "crm": ("publisher", (), ("crm",)),
    "acme-publisher": ("publisher", (ACME,), ()),
    "agent": ("agent", (), ()),
    "acme-agent": ("agent", (ACME,), ()),
    "auditor": ("auditor", (), ()),
    "acme-auditor": ("auditor", (ACME,), ()),
    "admin": ("admin", (), ()),
    "acme-admin": ("admin", (ACME,), ()),
    "customer": ("customer", (ACME,), ()),
    "other-customer": ("customer", (OTHER,), ()),
}
"""Who asks: role, the companies and the sources a key is bound to."""

STRUCTURED: Final = {"Content-Type": "application/cloudevents+json"}
BATCHED: Final = {"Content-Type": "application/cloudevents-batch+json"}


class Served:
    """A deployment behind its HTTP door."""

    def __init__(self, home: Path, client: TestClient, deployment: Deployment) -> None:
        self.home = home
        self.client = client
        self.deployment = deployment
        self.keys = json.loads((home / "keys.json").read_text())
        self._numbers = itertools.count(1)

    def get(self, path: str, who: str | None = "auditor", **asked: Any) -> Response:
        return self.client.get(path, params=asked or None, headers=self.bearer(who))

    def read(self, path: str, who: str | None = "auditor", **asked: Any) -> Any:
        """Get what must be there."""
        answer = self.get(path, who, **asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bearer(self, who: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"} if who else {}

    def event(self, type_name: str, subject: str, /, **said: Any) -> dict[str, Any]:
        """Write a CloudEvent; names of attributes are taken as such, others are its data."""
        known = ("source", "id", "time", "company", "actor", "visibility", "expectedversion")
        number = next(self._numbers)
        head = {name: said.pop(name) for name in known if name in said}
        return {
            "specversion": "1.0", "type": type_name, "source": "tests", "id": f"t-{number}",
            "time": "2026-11-20T09:00:00Z", "subject": subject, "data": said, **head,
        }  # fmt: skip

    def post(self, *events: Any, who: str | None = "publisher", **headers: str) -> Response:
        """Publish one event, or several as a batch."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        kind, body = (STRUCTURED, events[0]) if len(events) == 1 else (BATCHED, list(events))
        return self.client.post(
            "/v1/events", content=json.dumps(body), headers={**kind, **self.bearer(who), **said}
        )

    def publish(self, *events: dict[str, Any]) -> int:
        """Publish what must be taken, wait for the read models, and say the last position."""
        answer = self.post(*events)
        assert answer.status_code in (200, 201), answer.text
        receipts = answer.json().get("receipts", [answer.json()])
        assert {receipt["status"] for receipt in receipts} == {"accepted"}, receipts
        self.deployment.catch_up()
        return max(int(receipt["last_position"]) for receipt in receipts)

    def pages(self, path: str, who: str = "auditor", **asked: Any) -> Iterator[Any]:
        """Follow `next` links from a first page on."""
        page = self.read(path, who, **asked)
        yield page
        while page["next"]:
            page = self.read(page["next"], who)
            yield page

    def reads(self) -> list[dict[str, Any]]:
        """List the read audit, oldest first."""
        return [
            json.loads(row.state)["data"]
            for row in self.deployment.log.after(0, 1_000_000)
            if row.stream_id.startswith("reads/")
        ]


@contextmanager
def serving(home: Path, **known: Any) -> Iterator[Served]:
    """Serve what is in a folder, or in the databases that are named."""
    with Deployment(Settings(home=home, **known)) as deployment:
        deployment.catch_up()
        with TestClient(create_app(deployment), base_url="http://localhost") as client:
            yield Served(home, client, deployment)


@cache
def told() -> Path:
    """Tell the story once for all tests of this process; return the folder it is in."""
    kept = tempfile.TemporaryDirectory(prefix="longcase-story-")
    _KEPT.append(kept)
    home = Path(kept.name)
    with Deployment(Settings(home=home)) as deployment:
        tell(deployment)
    return home


def tell(deployment: Deployment) -> None:
    """Record the story, and make the keys."""
    lines = STORY.read_bytes().splitlines()
    for start in range(0, len(lines), 20):
        part = lines[start : start + 20]
        for receipt in deployment.desk.record(
            [read_cloud_event(line, deployment.desk.resolve) for line in part]
        ):
            assert receipt.status == "accepted", receipt
    deployment.catch_up()
    keys = {name: deployment.keys.create(name, *bound) for name, bound in KEYS.items()}
    (deployment.settings.home / "keys.json").write_text(json.dumps(keys))


_KEPT: Final[list[tempfile.TemporaryDirectory[str]]] = []


@pytest.fixture(scope="module")
def story() -> Iterator[Served]:
    """The story, to be read."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(shutil.copytree(told(), Path(folder) / "home"))
        with serving(home) as served:
            yield served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The story of one test alone, which may add to it."""
    home = Path(shutil.copytree(told(), tmp_path / "home"))
    with serving(home) as found:
        yield found
