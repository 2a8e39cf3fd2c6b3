"""How the watchers are: what `doctor`, `/v1/projections` and `/metrics` tell of them.

Measured against the store's own head.  Who holds the lock is at work; over Kafka its heartbeat
says whether it hangs, while the embedded one lives and ends with the process that serves.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from services import heartbeat
from services.heartbeat import RUNNING, STOPPED, Beat
from services.store import Log
from services.watcher.mark import WATCHING, WatcherMark
from services.watcher.watch import STANDBY
from services.watcher.watching import NAME, WATCHERS

DEGRADED = "degraded"


def status(log: Log) -> dict[str, Any]:
    """Say how the watchers of a store are.

    ``state`` is *running*, *waiting_for_projections*, *waiting*, *degraded* (events could not
    be looked at) or *stopped*; ``reason`` says why, where there is something to say.
    ``position`` is ``None`` while none ever began: then nothing waits for them.
    """
    with closing(WatcherMark(log.url)) as mark:
        heartbeat.prepare(mark.database)
        held_by = WATCHING.holder(mark.database)
        beats = heartbeat.read(mark.database, NAME)
        failures = mark.failures()
        marks = {name: at for name, at in mark.saved().items() if name in _names()}
    state, reason = _state(held_by, beats, failures)
    head = log.head()
    position = min(marks.values(), default=None)
    lag = 0 if position is None else log.count_between(position, head)
    return {
        "state": state, "reason": reason, "held_by": held_by, "position": position,
        "head_position": head, "lag_events": lag,
        "lag_seconds": _age(log, position) if lag and position is not None else 0.0,
        "failed": len(failures),
        "watchers": [
            {"name": watcher.name, "policy": watcher.policy, "position": marks.get(watcher.name)}
            for watcher in WATCHERS
        ],
    }  # fmt: skip


def _names() -> set[str]:
    return {watcher.name for watcher in WATCHERS}


def _state(
    held_by: str | None, beats: Sequence[Beat], failures: Sequence[tuple[str, int, str]]
) -> tuple[str, str]:
    """Say the worst that is known, and why."""
    beat = next((beat for beat in beats if held_by and beat.instance in held_by.split()), None)
    last = next((beat for beat in beats if beat.state != STANDBY), None)
    if held_by is None:
        return STOPPED, last.detail if last else "no process watches"
    if beat and beat.state != RUNNING:
        return beat.state, beat.detail
    if failures:
        name, position, why = failures[0]
        count = f"{len(failures):,} event{'' if len(failures) == 1 else 's'}"
        return DEGRADED, f"{count} could not be looked at, the last by {name}: {position:,}, {why}"
    return RUNNING, ""


def _age(log: Log, position: int) -> float:
    """Say for how long the first event that was not looked at has waited, in seconds."""
    first = log.after(position, 1)
    age = (time.time_ns() // 1000 - first[0].committed_at) / 1e6 if first else 0.0
    return round(max(age, 0.0), 3)
