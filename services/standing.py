"""How far the projections are: what the API, the pages and the command line tell of it."""

import time
from typing import Any

from projections.projection import Projection
from services.catalogue import PROJECTIONS
from services.deployment import Deployment


def standing(deployment: Deployment) -> list[dict[str, Any]]:
    """Say how far each projection is, measured against the store's own head."""
    head = deployment.log.head()
    found = []
    for projection in PROJECTIONS.values():
        view = deployment.models.view(projection)
        position, bus = _position(deployment, projection)
        waiting = deployment.log.count_between(position, head)
        first = deployment.log.after(position, 1) if waiting else []
        lag = (time.time_ns() // 1000 - first[0].committed_at) / 1e6 if first else 0.0
        found.append({
            "name": projection.name, "version": projection.version,
            "generation": view.generation, "position": position, "head_position": head,
            "lag_events": waiting, "lag_seconds": round(max(lag, 0.0), 3),
            "state": bus or ("catching_up" if waiting else "running"),
        })  # fmt: skip
    return found


def _position(deployment: Deployment, projection: Projection) -> tuple[int, str | None]:
    """Say up to where a projection has folded everything, and what ails the bus, if it does."""
    if not deployment.is_embedded:
        from services.bus import BrokerAway  # half a second, where there is a bus

        try:
            return deployment.arrival.position(projection), None
        except BrokerAway:
            marks = deployment.models.marks(deployment.models.view(projection))
            return min((mark.position for mark in marks.values()), default=0), "broker_away"
    marks = deployment.models.marks(deployment.models.view(projection))
    return max((mark.position for mark in marks.values()), default=0), None
