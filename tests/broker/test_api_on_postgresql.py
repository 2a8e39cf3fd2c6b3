"""The HTTP door over PostgreSQL: the same answers, and no defect where SQLite is lenient."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from services.config import Settings
from services.deployment import Deployment
from tests.asked import ask
from tests.served import ACME, LONG, MOVED, Served, serving, story, tell

__all__ = ["story"]

pytestmark = pytest.mark.broker

READ = (
    f"/v1/companies/{ACME}", f"/v1/companies/{ACME}/tickets", f"/v1/tickets/{LONG}",
    f"/v1/tickets/{MOVED}", f"/v1/tickets/{LONG}/handoff?step=60",
    f"/v1/companies/{ACME}/questions", f"/v1/companies/{ACME}/installations?as_of=2026-09-08",
    "/v1/companies", "/v1/companies?q=peeters",
)  # fmt: skip
OF_THE_RECORDING = (
    "position", "cursor", "event_id", "event_ids", "evidence", "recorded_at", "next", "prev",
    "registered_at", "learned_later", "ended_by", "known_by",
)  # fmt: skip
ODD = ("\x00", "%", "_", "'", '"', "\\", "é", "\U0001f600", "a" * 200, ":*", "!", "& |")


@pytest.fixture
def on_postgresql(postgres: str, tmp_path: Path) -> Iterator[Served]:
    """Serve the story, all of it kept in one database."""
    known: dict[str, Any] = dict.fromkeys(("store", "read_models", "control"), postgres)
    with Deployment(Settings(home=tmp_path, **known)) as deployment:
        tell(deployment)
    with serving(tmp_path, **known) as served:
        yield served


def test_answers_are_the_same_on_both_databases(on_postgresql: Served, story: Served) -> None:
    for path in READ:
        assert told(on_postgresql, path) == told(story, path), path
    for who in ("auditor", "agent", "customer"):
        for asked in ({}, {"search": "frame dr"}, {"contact": "jan-peeters", "order": "desc"}):
            path = f"/v1/companies/{ACME}/timeline"
            assert told(on_postgresql, path, who, **asked) == told(story, path, who, **asked)


def told(served: Served, path: str, who: str = "auditor", **asked: Any) -> Any:
    """Read what is the same wherever and whenever the story was recorded."""
    return without_place(served.read(path, who, **asked))


def without_place(found: Any) -> Any:
    if isinstance(found, dict):
        kept = found.keys() - OF_THE_RECORDING
        return {name: without_place(value) for name, value in found.items() if name in kept}
    return [*map(without_place, found)] if isinstance(found, list) else found


def test_odd_text_is_no_defect(on_postgresql: Served) -> None:
    paths = [
        "/v1/companies?q={}", f"/v1/companies/{ACME}/timeline?search={{}}",
        f"/v1/companies/{ACME}/timeline?actor={{}}", f"/v1/companies/{ACME}/timeline?contact={{}}",
        "/v1/companies/{}", "/v1/tickets/{}", "/?q={}", f"/companies/{ACME}?ticket={{}}",
    ]  # fmt: skip

    for path in paths:
        for odd in ODD:
            answer = ask(on_postgresql, "GET", path.format(quote(odd, safe="")).encode())
            assert answer.status < 500, (path, odd)
    for key in ("lc_\x00", "lc_00000000_" + "\x00" * 43):
        head = [(b"authorization", b"Bearer " + key.encode())]
        assert ask(on_postgresql, "GET", b"/v1/companies", head).status == 401


def test_what_is_published_is_read_and_looks_are_on_record(on_postgresql: Served) -> None:
    served = on_postgresql
    served.publish(served.event("ticket.opened", "ticket/P-1", company=ACME, subject="New"))

    page = served.read(f"/v1/companies/{ACME}/timeline", ticket="P-1")

    assert [entry["ticket_id"] for entry in page["entries"]] == ["P-1"]
    assert [look["viewed_company_id"] for look in served.reads()] == [ACME]
