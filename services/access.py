"""Access: what every reading begins with: who asks, what they may see, and that they looked."""

import time
from datetime import datetime
from typing import Any, Final

from domain.values import Reader, micros, moment
from projections.projection import View
from projections.timeline_filter import Filter
from services.catalogue import PROJECTIONS
from services.deployment import Deployment
from services.naming import Naming, cleaned
from services.security import Action, Identity, authorize

WAIT_SECONDS: Final = 2.0
"""How long a read waits for a position before it says that it is stale."""


class Access:
    """One identity at one deployment, for one request or command."""

    def __init__(self, deployment: Deployment, who: Identity) -> None:
        self._deployment = deployment
        self._who = who
        self._names = Naming(deployment.control, lambda: self._view("directory"))
        self._recorded: set[str] = set()

    def has_come(self, position: int | None, *names: str) -> bool:
        """Wait, two seconds at most, until read models have folded a position, if one is given."""
        until = time.monotonic() + WAIT_SECONDS
        return position is None or all(
            self._deployment.wait_for(
                PROJECTIONS[name], position, max(0.0, until - time.monotonic())
            )
            for name in names
        )

    def named(self, state: dict[str, Any]) -> dict[str, Any]:
        """Put names where a ticket's state names people by their ids."""
        return self._names.in_state(cleaned(state))

    def filled(self, value: Any) -> Any:
        """Put names into the slots of something that was rendered here."""
        return self._names.in_value(value)

    def position(self, name: str) -> int:
        """Say up to which position a projection is folded."""
        models = self._deployment.models
        marks = models.marks(models.view(PROJECTIONS[name]))
        return max((mark.position for mark in marks.values()), default=0)

    def position_at(self, recorded: datetime) -> int:
        """Say the largest position recorded by a time."""
        return self._deployment.log.position_at(micros(recorded))

    def reader(self) -> Reader:
        """Say what the one who asks may see."""
        return self._may("read")

    def _may(self, action: Action, company_id: str | None = None) -> Reader:
        return authorize(self._who, action, company_id)

    def _view(self, name: str) -> View:
        return self._deployment.models.view(PROJECTIONS[name])

    def _note(
        self, company_id: str, ticket_id: str | None = None, position: int | None = None,
        count: int = 1, *, filter: Filter | None = None, purpose: str | None = None,
        as_of: datetime | None = None, card_digest: str | None = None,
    ) -> None:  # fmt: skip
        """Put a look on record; what goes with an earlier one of the same request is in it."""
        if position is None and company_id in self._recorded:
            return
        since, until = (filter.since, filter.until) if filter else (None, None)
        self._deployment.reads.viewed(
            self._who, company_id, ticket_id=ticket_id, count=count, purpose=purpose,
            position=self.position("directory") if position is None else position,
            since=None if since is None else moment(since),
            until=as_of if until is None else moment(until), card_digest=card_digest,
        )  # fmt: skip
        self._recorded.add(company_id)
