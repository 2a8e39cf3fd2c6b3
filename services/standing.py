"""How far the projections are: what the API, the pages and the command line tell of it.

Everything is measured against the store's own head, and a process that went silent counts as
stopped: a mark that died with its process makes nobody look well.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

from projections.projection import Projection
from services import heartbeat
from services.catalogue import PROJECTIONS
from services.deployment import Deployment
from services.heartbeat import FAULTED, STOPPED, Beat
from services.parking import Parking
from services.projector import worker_of

REBUILDING_SECONDS: Final = 10.0
"""For how long a half-built generation that does not move counts as being built."""


def standing(deployment: Deployment) -> list[dict[str, Any]]:
    """Say how far each projection is.

    ``state`` is *running*, *catching_up*, *rebuilding*, *paused*, *degraded* (events are
    parked), *faulted* or *stopped* (over Kafka: no process is at work), *broker_away* or
    *barred* (the brokers do not let us in); ``reason`` says why, where there is something to
    say.  ``eta_seconds`` is ``None`` where the pace is not known.
    """
    head = deployment.log.head()
    return [_of(deployment, projection, head) for projection in PROJECTIONS.values()]


def _of(deployment: Deployment, projection: Projection, head: int) -> dict[str, Any]:
    models = deployment.models
    view = models.view(projection)
    position, bus = _position(deployment, projection)
    waiting = deployment.log.count_between(position, head)
    parked = Parking(models).count(view)
    beats = heartbeat.read(models.database, worker_of(projection))
    state, reason = _state(deployment, projection, beats, bus, parked, waiting)
    rate = sum(beat.rate for beat in beats)
    eta = round(waiting / rate, 1) if waiting and rate else None
    return {
        "name": projection.name, "version": projection.version, "generation": view.generation,
        "position": position, "head_position": head, "lag_events": waiting,
        "lag_seconds": _age(deployment, position) if waiting else 0.0,
        "eta_seconds": eta if waiting else 0.0, "events_per_second": round(rate, 1),
        "instances": sum(beat.state not in heartbeat.ENDED for beat in beats),
        "parked": parked, "strays": _strays(deployment, projection), "state": state,
        "reason": reason,
    }  # fmt: skip


def _state(  # noqa: PLR0917  a state is the worst of all that is known
    deployment: Deployment,
    projection: Projection,
    beats: Sequence[Beat],
    bus: tuple[str, str] | None,
    parked: int,
    waiting: int,
) -> tuple[str, str]:
    """Say the worst that is known of a projection, and why."""
    if deployment.decisions.is_paused(projection.name):
        return "paused", f"longcase projections resume {projection.name} lets it go on"
    if not deployment.is_embedded and all(beat.state in heartbeat.ENDED for beat in beats):
        faulted = [beat for beat in beats if beat.state == FAULTED]
        last = next(iter([*faulted, *beats]), None)
        state = FAULTED if faulted else STOPPED
        return state, last.detail if last else "no process ever ran"
    if bus:
        return bus
    if _is_rebuilding(deployment, projection):
        return "rebuilding", "built anew beside the one that is read"
    if parked:
        return "degraded", f"{parked} events are parked"
    return ("catching_up" if waiting else "running"), ""


def _is_rebuilding(deployment: Deployment, projection: Projection) -> bool:
    models = deployment.models
    now = time.time_ns() // 1000
    return any(
        now - models.moved_at(projection.view(models.database, generation))
        < REBUILDING_SECONDS * 1e6
        for generation in models.generations(projection, "building")
    )


def _age(deployment: Deployment, position: int) -> float:
    """Say for how long the first event that is not folded has waited, in seconds."""
    first = deployment.log.after(position, 1)
    age = (time.time_ns() // 1000 - first[0].committed_at) / 1e6 if first else 0.0
    return round(max(age, 0.0), 3)


def _strays(deployment: Deployment, projection: Projection) -> int:
    """Count the records on the bus that were none of ours."""
    if deployment.is_embedded:
        return 0
    from services.group import strays  # half a second, where there is a bus

    return strays.count(deployment.models, projection.name)


def _position(deployment: Deployment, projection: Projection) -> tuple[int, tuple[str, str] | None]:
    """Say up to where a projection has folded everything; if the bus ails, its state and why."""
    if not deployment.is_embedded:
        from services.bus import BrokerAway  # half a second, where there is a bus

        try:
            return deployment.arrival.position(projection), None
        except BrokerAway as away:
            marks = deployment.models.marks(deployment.models.view(projection))
            position = min((mark.position for mark in marks.values()), default=0)
            return position, (away.state, str(away))
    marks = deployment.models.marks(deployment.models.view(projection))
    return max((mark.position for mark in marks.values()), default=0), None
