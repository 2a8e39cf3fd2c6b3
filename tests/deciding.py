"""How the tests of aggregates ask them to decide."""

from typing import Any

from domain.aggregate import Aggregate
from domain.events import Event, Recorded


def decided(aggregate: Aggregate[Any], reported: Recorded[Any]) -> list[Event]:
    """List what is recorded now that *reported* has happened."""
    return list(aggregate.decide(reported))
