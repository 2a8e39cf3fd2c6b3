"""How far the projections are: what the API, the pages and the command line tell of it."""

import time
from typing import Any

from services.catalogue import PROJECTIONS
from services.deployment import Deployment


def standing(deployment: Deployment) -> list[dict[str, Any]]:
    """Say how far each projection is, measured against the store's own head."""
    head = deployment.log.head()
    last = deployment.log.at(head) if head else None
    found = []
    for projection in PROJECTIONS.values():
        view = deployment.models.view(projection)
        marks = deployment.models.marks(view)
        position = max((mark.position for mark in marks.values()), default=0)
        waiting = deployment.log.count_between(position, head)
        first = deployment.log.after(position, 1) if waiting else []
        lag = (time.time_ns() // 1000 - first[0].committed_at) / 1e6 if first and last else 0.0
        found.append({
            "name": projection.name, "version": projection.version,
            "generation": view.generation, "position": position, "head_position": head,
            "lag_events": waiting, "lag_seconds": round(max(lag, 0.0), 3),
            "state": "running" if not waiting else "catching_up",
        })  # fmt: skip
    return found
