"""What publishers remember: what they sent, and what was acknowledged, and where."""

import threading
from dataclasses import dataclass, field
from typing import Any

Place = tuple[int, int]
"""Of a record in the inbox: (partition, offset)."""


@dataclass
class Ledger:
    """Everything that was sent by any publisher.

    Attributes:
        sent: Ids of all events, whether anything was heard of them or not.
        told: Where each acknowledged event stands: first and last position.
        taken: Where the records of each event stand in the inbox, as far as Kafka said so.
        bad: Ids of events that must be rejected.
        complaints: Answers that contradict an earlier one, or the contract.
        doubts: How often no answer came.
    """

    sent: set[str] = field(default_factory=set)
    told: dict[str, tuple[int, int]] = field(default_factory=dict)
    taken: dict[str, list[Place]] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    doubts: int = 0

    def answered(self, event_id: str, receipt: dict[str, Any]) -> None:
        """Note the receipt of one event; it must agree with what was said before."""
        known = self.told.get(event_id)
        if receipt["status"] not in ("accepted", "duplicate"):
            self.complaints.append(f"{event_id} is {receipt}")
            return
        place = receipt["position"], receipt["last_position"]
        if known and (receipt["status"] == "accepted" or place != known):
            self.complaints.append(f"{event_id} stood at {known}, and now: {receipt}")
        self.told.setdefault(event_id, place)


class Pace:
    """How many events may be on their way: the load lasts as long as the kills do."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._allowed = 0
        self._sent = 0
        self._changed = threading.Condition()

    def allow(self, share: float) -> None:
        """Let this share of all events be sent."""
        with self._changed:
            self._allowed = int(share * self._events)
            self._changed.notify_all()

    def take(self, wanted: int) -> bool:
        """Wait until *wanted* more may be sent; say no if all are."""
        with self._changed:
            self._changed.wait_for(lambda: self._sent >= self._events or self._sent < self._allowed)
            if self._sent >= self._events:
                return False
            self._sent += wanted
            return True
