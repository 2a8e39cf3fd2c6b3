"""Each service of docker-compose.yml, started by its command as it is written there.

Over a real broker and a real PostgreSQL, with the environment of the file; only where things
are is another.
"""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Final

import pytest

from services import stack
from services.bus import Brokers, Publisher, Record, Topics, describe
from services.stack import create_database, drop_database
from tests.broker.deployed import eventually
from tests.composed import ROOT, commands, ours

pytestmark = [pytest.mark.broker, pytest.mark.slow]

GRACE: Final = 30.0
"""The file's `stop_grace_period`, in seconds."""

Process = subprocess.Popen[bytes]


@dataclass
class Composed:
    """The services that run, and how to speak to them."""

    environment: dict[str, dict[str, str]]
    logs: Path
    port: str
    kafka: str
    running: dict[str, Process] = field(default_factory=dict)

    def start(self, service: str) -> Process:
        """Start a service by its command."""
        with (self.logs / f"{service}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", *commands()[service]],
                cwd=ROOT, env=self.environment[service], stdout=log, stderr=log,
            )  # fmt: skip
        self.running[service] = process
        return process

    def said(self, service: str) -> str:
        """Read what a service wrote."""
        return (self.logs / f"{service}.log").read_text()

    def typed(self, *words: str) -> str:
        """Type a command, as ``docker compose run --rm api …`` does."""
        return subprocess.run(
            [sys.executable, "-m", "services.cli", *words],
            cwd=ROOT, env=self.environment["api"], stdout=subprocess.PIPE, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    def ask(self, path: str, key: str | None = None, event: bytes | None = None) -> Any:
        """Ask over HTTP; what cannot be had is ``None``."""
        headers = {"Content-Type": "application/cloudevents+json"}
        headers |= {"Authorization": f"Bearer {key}"} if key else {}
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, data=event, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return json.load(answer)
        except (OSError, urllib.error.HTTPError):
            return None


@pytest.fixture
def whole(postgres_server: str, tmp_path: Path) -> Iterator[Composed]:
    """Kafka and PostgreSQL as the file has them; nothing of ours runs yet."""
    with ExitStack() as opened:
        kafka = stack.up(tmp_path / "kafka", postgres=False, heap="96m", durable=False).kafka
        opened.callback(stack.down, tmp_path / "kafka")
        port = str(_free_port())
        known = {"LONGCASE_HOME": str(tmp_path / "home"), "LONGCASE_PORT": port}
        databases: dict[str, str] = {}
        composed = Composed({}, tmp_path, port, kafka)
        for name, service in ours().items():
            own = {
                variable: _placed(text, kafka, postgres_server, databases, opened)
                for variable, text in service["environment"].items()
            }
            outside = {k: v for k, v in os.environ.items() if not k.startswith("LONGCASE_")}
            composed.environment[name] = {**outside, **own, **known}
        opened.enter_context(_ended(composed))
        yield composed


def _placed(
    text: str, kafka: str, server: str, databases: dict[str, str], opened: ExitStack
) -> str:
    """Write an address of the file as it is here."""
    if found := re.fullmatch(r"postgresql://.*@postgres:5432/(\w+)", text):
        name = found[1]
        if name not in databases:
            made = f"{name}_{secrets.token_hex(4)}"
            databases[name] = create_database(server, made)
            opened.callback(drop_database, server, made)
        return databases[name]
    return text.replace("kafka:9092", kafka)


@contextmanager
def _ended(composed: Composed) -> Iterator[None]:
    try:
        yield
    finally:
        for process in composed.running.values():
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_what_is_published_is_seen_in_the_timeline_and_all_end_when_told(
    whole: Composed, tmp_path: Path
) -> None:
    assert whole.start("init").wait(60) == 0, whole.said("init")
    served = commands().keys() - {"init"}
    for service in served:
        whole.start(service)
    key = whole.typed("keys", "create", "--role", "agent", "my-laptop")
    assert eventually(lambda: whole.ask("/livez")), whole.said("api")

    receipt = whole.ask("/v1/events", key, event("company.registered", "1", name="Acme"))
    record_on_the_inbox(whole.kafka, event("company.fact_learned", "2", fact_key="os", value="BSD"))

    assert receipt["status"] == "accepted"
    seen = ["company.registered", "company.fact_learned"]
    assert eventually(lambda: timeline(whole, key) == seen), timeline(whole, key)
    assert eventually(lambda: whole.ask("/readyz")), whole.said("api")
    codes = stopped({service: whole.running[service] for service in served})
    assert codes == dict.fromkeys(served, 0), {service: whole.said(service) for service in served}


def event(type: str, id: str, **said: str) -> bytes:
    written = {
        "specversion": "1.0", "type": type, "source": "tests", "id": id,
        "time": f"2026-11-02T08:0{id}:00Z", "subject": "company/acme", "data": said,
    }  # fmt: skip
    return json.dumps(written).encode()


def record_on_the_inbox(kafka: str, value: bytes) -> None:
    """Publish as a service does that does not speak HTTP."""
    inbox, brokers = Topics().inbox, Brokers(kafka)
    kind = ("content-type", b"application/cloudevents+json")
    with closing(Publisher(brokers, describe(brokers, [inbox]))) as publisher:
        assert publisher.publish([Record(inbox, b"acme", value, [kind], 0)], Event())


def timeline(whole: Composed, key: str) -> list[str]:
    page = whole.ask("/v1/companies/acme/timeline", key) or {"entries": []}
    return [entry["type"] for entry in page["entries"]]


def stopped(processes: dict[str, Process]) -> dict[str, int]:
    """Tell all to end, as Compose does, and say how each did within the grace period."""
    until = time.monotonic() + GRACE
    for process in processes.values():
        process.send_signal(signal.SIGTERM)
    return {
        name: process.wait(max(0.0, until - time.monotonic()))
        for name, process in processes.items()
    }
