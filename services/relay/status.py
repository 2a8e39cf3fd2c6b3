"""How the relay is: what the command line, `/readyz` and `/metrics` tell of it.

Asks the store's database alone, so that the answer comes also while the brokers are away, and
measures against the store's own head, never against what the relay says of itself.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from services import heartbeat
from services.heartbeat import STOPPED, Beat
from services.relay.mark import RelayMark, holder
from services.relay.relay import NAME, STANDBY
from services.relay.session import RUNNING
from services.store import Log

NEVER = Beat(NAME, "", STOPPED, "no relay ever ran", 0, 0.0, 0.0)


def status(log: Log) -> dict[str, Any]:
    """Say how the relay of a store is.

    ``state`` is *running*, *waiting_for_broker*, *standby*, *refused* or *stopped*; ``reason``
    says why, where there is something to say.
    """
    with closing(RelayMark(log.url)) as mark:
        heartbeat.prepare(mark.database)
        held_by = holder(mark.database)
        worker = _worker(heartbeat.read(mark.database, NAME), held_by)
        saved = mark.saved()
    position = min((topic.position for topic in saved.values()), default=0)
    head = log.head()
    lag = log.count_between(position, head)
    eta = lag / worker.rate if lag and worker.rate > 0 and worker.state == RUNNING else None
    return {
        "state": worker.state, "reason": worker.detail, "instance": worker.instance or None,
        "held_by": held_by, "position": position, "head_position": head,
        "lag_events": lag, "lag_seconds": _age(log, position) if lag else 0.0,
        "events_per_second": worker.rate if worker.state == RUNNING else 0.0,
        "eta_seconds": 0.0 if not lag else eta and round(eta, 1),
        "beat_seconds": round(worker.age, 1) if worker.instance else None,
        "topics": [
            {
                "name": name, "partitions": found.topic.partitions,
                "topic_id": found.topic.topic_id, "position": found.position,
            }
            for name, found in sorted(saved.items())
        ],
    }  # fmt: skip


def _worker(beats: Sequence[Beat], held_by: str | None) -> Beat:
    """Choose of several processes the one that is at work, or else was heard of last."""
    at_work = [beat for beat in beats if held_by and beat.instance in held_by.split()]
    heard = [beat for beat in beats if beat.state not in (STANDBY, STOPPED)]
    return next(iter([*at_work, *heard, *beats]), NEVER)


def _age(log: Log, position: int) -> float:
    """Say for how long the first event that is not published has waited, in seconds."""
    first = log.after(position, 1)
    age = (time.time_ns() // 1000 - first[0].committed_at) / 1e6 if first else 0.0
    return round(max(age, 0.0), 3)
