"""The command line in tests: the real `main`, in a home of its own, and what it answered."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from services.cli import main

ROOT: Final = Path(__file__).parent.parent
SETTINGS: Final = ("STORE", "READ_MODELS", "CONTROL", "KAFKA", "HOST", "PORT", "DEBUG")


@dataclass(frozen=True)
class Answer:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document that was printed."""
        return orjson.loads(self.out)

    @property
    def jsonl(self) -> list[Any]:
        """The documents that were printed, one on each line."""
        return [orjson.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> str:
        """The one line that says what is wrong."""
        (line,) = self.err.splitlines()
        assert line.startswith("error: ")
        return line.removeprefix("error: ")


Longcase = Callable[..., Answer]


@pytest.fixture
def longcase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Longcase:
    """Type a command: ``longcase("timeline", "acme")``; nothing of the machine's own is seen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LONGCASE_HOME", str(tmp_path / "home"))
    for name in SETTINGS:
        monkeypatch.delenv(f"LONGCASE_{name}", raising=False)

    def typed(*words: object, stdin: bytes = b"") -> Answer:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        assert "a defect of ours" not in printed.err
        return Answer(code, printed.out, printed.err)

    return typed


def cloud(type: str, stream: str, id: str, time: str, /, **known: Any) -> bytes:
    """Write a CloudEvent on one line; what is not an attribute of it goes into its data."""
    attributes = {
        name: known.pop(name)
        for name in ("company", "actor", "visibility", "expectedversion", "source")
        if name in known
    }
    event = {"source": "desk", "type": type, "subject": stream, "id": id, "time": time}
    return orjson.dumps({**event, **attributes, "data": known}) + b"\n"


def story() -> bytes:
    """Write a short story of Acme: a company, a person, a ticket from opening to resolution."""
    note = {"actor": "agent/mia", "visibility": "internal"}
    return b"".join((
        cloud("company.registered", "company/acme", "c1", "2026-03-01T09:00:00Z",
              name="Acme Broadcast", domains=["acme.example"], tier="gold"),
        cloud("contact.registered", "contact/jan", "p1", "2026-03-01T09:01:00Z",
              name="Jan de Vries", emails=["jan@acme.example"]),
        cloud("company.contact_affiliated", "company/acme", "a1", "2026-03-01T09:02:00Z",
              contact_id="mail=jan@acme.example", role="admin"),
        cloud("ticket.opened", "ticket/TCK-1", "t1", "2026-03-02T08:30:00Z", company="acme",
              actor="contact/jan", subject="Frames dropped", requester_id="jan",
              channel="email", severity=2),
        cloud("ticket.assigned", "ticket/TCK-1", "t2", "2026-03-02T08:41:00Z",
              actor="agent/mia", to={"agent": "mia", "team": "Support 2"}),
        cloud("ticket.customer_message_received", "ticket/TCK-1", "t3", "2026-03-02T09:00:00Z",
              actor="contact/jan", visibility="public", contact_id="jan",
              body="Each night at two."),
        cloud("ticket.internal_note_added", "ticket/TCK-1", "t4", "2026-03-02T09:10:00Z",
              note="Looks like the codec.", **note),
        cloud("ticket.resolved", "ticket/TCK-1", "t5", "2026-03-04T17:00:00Z",
              actor="agent/mia", resolution_code="fixed", root_cause="codec"),
    ))  # fmt: skip


@pytest.fixture
def acme(longcase: Longcase) -> Longcase:
    """The command line of a home in which Acme's story is recorded."""
    assert longcase("publish", stdin=story()).code == 0
    return longcase


@contextmanager
def started(home: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command as a process of its own, ended by Ctrl-C if it has not ended."""
    environment = {**os.environ, "LONGCASE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", *words], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
