"""Metrics for Prometheus: ``GET /metrics``; numbers of the whole deployment, no names in them."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric, StateSetMetricFamily
from prometheus_client.registry import Collector

from services.api.identity import Deployed
from services.deployment import Deployment
from services.health import parts, watching

STATES: Final = (
    "running", "catching_up", "rebuilding", "paused", "degraded", "faulted", "stopped",
    "broker_away", "barred",
)  # fmt: skip
WATCHER_STATES: Final = (
    "running", "waiting_for_projections", "waiting", "degraded", "stopped",
)  # fmt: skip
RELAY_STATES: Final = ("running", "standby", "waiting_for_broker", "refused", "stopped")

OF_PROJECTIONS: Final = {
    "position": "Position up to which every event is folded",
    "lag_events": "Events recorded and not folded yet",
    "lag_seconds": "Age of the first event that is not folded yet",
    "eta_seconds": "Seconds until it has caught up, where the pace is known",
    "events_per_second": "Events folded a second, over the last seconds",
    "instances": "Processes at work on it, over Kafka",
    "parked": "Events that could not be folded, and those that wait behind them",
    "strays": "Records on the bus that are none of ours, set aside",
}
OF_THE_RELAY: Final = {
    "position": "Position up to which every event is on the bus",
    "lag_events": "Events recorded and not published yet",
    "lag_seconds": "Age of the first event that is not published yet",
    "eta_seconds": "Seconds until it has caught up, where the pace is known",
    "events_per_second": "Events published a second, over the last seconds",
}

OF_THE_WATCHERS: Final = {
    "position": "Position up to which every event was looked at",
    "lag_events": "Events recorded and not looked at yet",
    "lag_seconds": "Age of the first event that was not looked at yet",
    "failed": "Events that could not be looked at",
}

DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Metrics, one on each line",
        "content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}},
    }
}

router = APIRouter(tags=["service"])


@router.get("/metrics", response_class=Response, responses=DESCRIBED)
def metrics(deployed: Deployed) -> Response:
    """Say in Prometheus' words how far the projections, the relay and the watchers are."""
    registry = CollectorRegistry()
    registry.register(_Parts(deployed))
    ProcessCollector(registry=registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Parts(Collector):
    """Asks a deployment how it is, once for each scrape."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def describe(self) -> Iterator[Metric]:
        """Ask nothing when it is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        projections, relay = parts(self._deployment)
        head = projections[0]["head_position"]
        yield GaugeMetricFamily(
            "longcase_head_position", "Last position of the event store", value=head
        )
        labelled = [([each["name"]], each) for each in projections]
        yield from _gauges("projection", ["projection"], OF_PROJECTIONS, labelled)
        yield _states("projection", ["projection"], STATES, labelled)
        if relay:
            yield from _gauges("relay", [], OF_THE_RELAY, [([], relay)])
            yield _states("relay", [], RELAY_STATES, [([], relay)])
        watchers = watching(self._deployment)
        yield from _gauges("watcher", [], OF_THE_WATCHERS, [([], watchers)])
        yield _states("watcher", [], WATCHER_STATES, [([], watchers)])


Labelled = list[tuple[list[str], dict[str, Any]]]


def _gauges(
    kind: str, labels: list[str], wanted: dict[str, str], parts: Labelled
) -> Iterator[Metric]:
    for name, meaning in wanted.items():
        family = GaugeMetricFamily(f"longcase_{kind}_{name}", meaning, labels=labels)
        for values, part in parts:
            if part[name] is not None:
                family.add_metric(values, part[name])
        yield family


def _states(kind: str, labels: list[str], known: tuple[str, ...], parts: Labelled) -> Metric:
    family = StateSetMetricFamily(f"longcase_{kind}_state", "State it is in", labels=labels)
    for values, part in parts:
        family.add_metric(values, {state: state == part["state"] for state in known})
    return family
