"""Published data sets, and what their figures are recomputed from: the steps we recorded.

Nothing here reads the data sets themselves, apart from importing them.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from domain.events import Event
from domain.events.ticket import (
    FieldChange,
    TicketOpened,
)
from domain.values import ticket_chain
from services.adapters.csvlog import CsvLog
from services.adapters.importing import Summary, run_import
from services.adapters.mapping import load_mapping
from services.adapters.rejects import Rejects
from services.config import Settings
from services.deployment import Deployment

SHARED: Final = Path(__file__).parents[2] / "shared" / "data"
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded event."""

    event: Event
    at: datetime
    actor: str
    company: str | None


@dataclass(slots=True)
class Row:
    """What we recorded of one row of the source."""

    activity: str
    steps: list[Step] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """When the source wrote it; only an opening may have a time of its own."""
        return self.steps[-1].at

    def events(self) -> Iterator[Event]:
        """Yield its events, without the openings that follow from a move."""
        for step in self.steps:
            if not (isinstance(step.event, TicketOpened) and step.event.continues):
                yield step.event


@dataclass(slots=True)
class Ticket:
    """One ticket, over all companies it was with."""

    rows: list[Row] = field(default_factory=list)

    @property
    def opening(self) -> Step:
        """Its first event."""
        return self.rows[0].steps[0]

    @property
    def opened(self) -> TicketOpened:
        """What its opening says."""
        assert isinstance(self.opening.event, TicketOpened)
        return self.opening.event

    @property
    def activities(self) -> tuple[str, ...]:
        """The source's own words, in order: its variant."""
        return tuple(row.activity for row in self.rows)

    def steps(self) -> Iterator[Step]:
        """Yield all its events."""
        for row in self.rows:
            yield from row.steps


def facts(data_set: str) -> dict[str, Any]:
    """Read what is published of a data set."""
    found: dict[str, Any] = json.loads((SHARED / data_set / "facts.json").read_text())
    return found


def imported(home: Path, data_set: str, file: str) -> tuple[Deployment, Summary]:
    """Import a data set by the mapping of its name."""
    longcase = Deployment(Settings(home=home))
    rejects = Rejects()
    with CsvLog(SHARED / data_set / file, load_mapping(data_set), rejects) as log:
        log.read()
        return longcase, run_import(log.reports(), longcase.desk, rejects=rejects)


def recorded(longcase: Deployment) -> Iterator[tuple[str, str | None, Step]]:
    """Yield (stream, the source's own word, step) of all that was recorded, in order."""
    position = 0
    while page := longcase.feed.page(position, 1_000):
        position = page[-1].position
        for logged in page:
            happened = logged.event
            step = Step(happened.data, happened.occurred_at, happened.actor, happened.company_id)
            yield happened.stream_id, happened.source.activity, step


def tickets(longcase: Deployment) -> dict[str, Ticket]:
    """Find every ticket by its id, whatever company it went to."""
    found: dict[str, Ticket] = {}
    for stream, activity, step in recorded(longcase):
        if stream.startswith("ticket/"):
            ticket = found.setdefault(ticket_chain(stream.removeprefix("ticket/")), Ticket())
            if activity is not None:
                ticket.rows.append(Row(activity))
            ticket.rows[-1].steps.append(step)
    return found


def kept(row: Row) -> dict[str, FieldChange]:
    """Find the columns that changed in a row without an event of their own."""
    changes: dict[str, FieldChange] = {}
    for event in row.events():
        changes |= {change.field: change for change in getattr(event, "changes", ())}
    return changes


def described(values: Iterable[float], *wanted: str, digits: int = 4) -> dict[str, float]:
    """Say the wanted of n, min, q25, median, mean, q75, p95, p99, max."""
    ordered = sorted(values)
    shares = {"min": 0, "q25": 25, "median": 50, "q75": 75, "p95": 95, "p99": 99, "max": 100}
    said: dict[str, float] = {"n": len(ordered), "mean": sum(ordered) / len(ordered)}
    said |= {name: _quantile(ordered, share / 100) for name, share in shares.items()}
    return {name: round(said[name], digits) for name in wanted}


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def top(counts: Counter[str], number: int) -> dict[str, int]:
    """Say the most frequent."""
    return dict(counts.most_common(number))


def differing(
    published: dict[str, Any], ours: dict[str, Any], unanswerable: dict[str, str]
) -> list[str]:
    """Name the figures, key by key, that are neither ours nor known as unanswerable.

    Only names of keys: the values of some sets may not stand in a message.
    """
    return list(_differing(published, ours, unanswerable, ""))


def _differing(
    published: Any, ours: Any, unanswerable: dict[str, str], place: str
) -> Iterator[str]:
    if place in unanswerable:
        return
    if isinstance(published, dict) and isinstance(ours, dict) and published:
        for key in [*published, *(ours.keys() - published.keys())]:
            inner = f"{place}.{key}" if place else key
            yield from _differing(published.get(key), ours.get(key), unanswerable, inner)
    elif not _same(published, ours):
        yield place


def _same(published: Any, ours: Any) -> bool:
    if isinstance(published, float) and isinstance(ours, float):
        return math.isclose(published, ours, rel_tol=1e-9)
    return bool(published == ours)
