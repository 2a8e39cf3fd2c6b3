"""How fresh a read model is of one company: as of which event, how old, and what it lacks.

It is measured against the company's own head in the store, so that nothing stale looks fresh:
what was recorded and is not folded, be it behind, paused or parked, is counted, and told.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from domain.values import moment, rfc3339
from projections.briefing_words import length
from projections.phrases import when
from projections.projection import Projection
from services.deployment import Deployment
from services.parking import Parking
from services.store import Log, Row

State = Literal["current", "behind", "paused", "parked"]

WORDS: Final[dict[State, str]] = {
    "current": "up to date",
    "behind": "BEHIND",
    "paused": "PAUSED",
    "parked": "HELD UP by an event that cannot be folded",
}

MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a read model holds of a company, and what not yet.

    Attributes:
        position: Up to which position the company's events are in it.
        committed_at: When what stands there was recorded, in microseconds.
        lag_events: The company's events that are recorded and not in it.
        lag_seconds: For how long the first of them has waited.
        now: When this was asked, in microseconds.
    """

    position: int
    committed_at: int
    lag_events: int
    lag_seconds: float
    state: State
    now: int

    @property
    def age_seconds(self) -> float:
        """For how long what stands at the position has been recorded."""
        return _seconds(self.now, self.committed_at)

    def footer(self, past: datetime | None, waited_for: int | None) -> dict[str, Any]:
        """Write it below a card.

        Args:
            past: As of when the card is, if it is not of now.
            waited_for: The position that was waited for in vain.
        """
        return {
            "text": self._text(past, waited_for),
            "position": self.position,
            "committed_at": rfc3339(moment(self.committed_at)),
            "age_seconds": self.age_seconds,
            "lag_events": self.lag_events,
            "lag_seconds": self.lag_seconds,
            "state": self.state,
        }

    def _text(self, past: datetime | None, waited_for: int | None) -> str:
        told = [f"as of event {self.position:,}"]
        if past is None:
            told.append(f"{_ago(self.age_seconds)} ago")
        else:
            told.insert(0, f"as it was on {when(past, moment(self.now))}")
        if self.lag_events:
            many = "1 event" if self.lag_events == 1 else f"{self.lag_events:,} events"
            told.append(f"{WORDS[self.state]}: lacks {many}, {_ago(self.lag_seconds)} old")
        elif past is None:
            told.append(WORDS["current"])
        if waited_for is not None:
            told.append(f"STALE: event {waited_for:,} is not in it yet")
        return " · ".join(told)


def freshness(
    deployment: Deployment, projection: Projection, company_id: str, position: int,
    known_at: int | None = None,
) -> Freshness:  # fmt: skip
    """Say how fresh a read model is of a company.

    Args:
        position: As of which it is read.
        known_at: As of which it was asked for; what was recorded later is not lacking.
    """
    log, now = deployment.log, time.time_ns() // 1000
    asked = 2**62 if known_at is None else known_at
    stands = log.after(max(0, position - 1), 1)
    count, first = _waiting(log, company_id, position, asked)
    state: State = "behind" if count else "current"
    parked = [
        each.position
        for each in Parking(deployment.models).all(deployment.models.view(projection), company_id)
        if each.position <= min(position, asked)
    ]
    if count and deployment.decisions.is_paused(projection.name):
        state = "paused"
    if parked:
        state, count, first = "parked", count + len(parked), log.at(parked[0]) or first
    return Freshness(
        position, stands[0].committed_at if stands else now, count,
        _seconds(now, first.committed_at) if first else 0.0, state, now,
    )  # fmt: skip


def _waiting(log: Log, company_id: str, position: int, asked: int) -> tuple[int, Row | None]:
    """Count a company's events after *position*, up to *asked*, and find the first of them."""
    head = log.company_head(company_id)
    first = _first_after(log, company_id, position, head)
    if first > head or (row := _row(log, company_id, first)).position > asked:
        return 0, None
    return _first_after(log, company_id, asked, head) - first, row


def _first_after(log: Log, company_id: str, position: int, head: int) -> int:
    """Find the first of a company's sequences, up to *head*, that stands after a position.

    Positions rise with sequences, so that a few looks find it in any history.
    """
    if not head or _row(log, company_id, head).position <= position:
        return head + 1
    low, high = 1, head
    while low < high:
        middle = (low + high) // 2
        if _row(log, company_id, middle).position > position:
            high = middle
        else:
            low = middle + 1
    return low


def _row(log: Log, company_id: str, sequence: int) -> Row:
    return log.of_company(company_id, sequence - 1, 1)[0]


def _seconds(now: int, then: int) -> float:
    return round(max(0, now - then) / 1e6, 3)


def _ago(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < MINUTE else length(seconds)
