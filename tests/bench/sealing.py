"""P18: what sealing costs when events are recorded."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.desk import documents
from tests.bench.harness import Figure, Prepare, Work, at_least, compare
from tests.bench.history import companies, record, reports
from tests.bench.places import Bench


def sealed(bench: Bench) -> Iterator[Figure]:
    """P18: recording as it is, beside recording with the sealing taken out."""
    count = bench.size(6_000, 2_000)
    yield compare(
        "P18", "append, 20 a commit, sqlite, by the same unsealed",
        _recording(bench, count, sealing=True), _recording(bench, count, sealing=False),
        rounds=bench.rounds, reach=at_least(0.85),
        hint="AES-GCM and base64 of every text, and the walk to find the texts",
    )  # fmt: skip


def _recording(bench: Bench, count: int, *, sealing: bool) -> Prepare:
    def prepare() -> Work:
        desk = bench.places.deployment("sqlite").desk
        record(desk, companies(10))
        made = list(reports(count))

        def work() -> int:
            for start in range(0, count, 20):
                desk.record(made[start : start + 20])
            return count

        return work if sealing else lambda: _unsealed(work)

    return prepare


def _unsealed(work: Work) -> int:
    """Record with the text as it is: what is taken out is the sealing alone."""

    def leave(event: Any, *_: Any) -> Any:
        return event

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "seal", leave)
        return work()
