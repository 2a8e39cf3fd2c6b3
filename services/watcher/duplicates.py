"""Watches for duplicates: a new ticket that may be about the trouble of one that is open.

It looks while nobody of ours has answered, at what the customer says and at how the ticket is
classified; a pair is suspected once, and never again after somebody dismissed it.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from domain.events import Logged
from domain.events.ticket import CustomerMessageReceived, TicketClassified, TicketOpened
from domain.events.ties import DuplicateSuspected
from domain.values import UNASSIGNED, ticket_chain
from projections.duplicates import POLICY, RESTRICTED, Likeness
from services.suspecting import READS, Suspecting
from services.watcher.watchers import Finding, Sight, Watcher

MOST: Final = 3
"""Suspicions that one event leads to; more would not be read."""


def look(logged: Logged, sight: Sight) -> Iterator[Finding]:
    """Say which open tickets the ticket of an event may be a duplicate of."""
    event = logged.event
    if event.company_id in (None, UNASSIGNED) or _is_continued(logged):
        return
    company_id, ticket = str(event.company_id), ticket_chain(event.local_id)
    suspecting = Suspecting(sight.models)
    closed = suspecting.is_restricted(company_id, ticket, logged.position)
    found = suspecting.of(company_id, ticket, logged.position, new=True, in_full=closed)
    known = suspecting.told(sight.log.of_stream(event.stream_id)) if found else set[str]()
    fresh = (likeness for likeness in found if likeness.ticket_id not in known)
    for likeness in islice(fresh, MOST):
        yield Finding(
            subject=f"{ticket}:{likeness.ticket_id}",
            stream_id=event.stream_id,
            event=_bare(likeness) if closed else _suspicion(likeness),
            visibility="restricted" if closed else None,
        )


def _is_continued(logged: Logged) -> bool:
    """Say whether a ticket only went on in another stream: it was looked at when it was new."""
    return isinstance(logged.event.data, TicketOpened) and logged.event.data.continues is not None


def _bare(likeness: Likeness) -> DuplicateSuspected:
    """Tell of a restricted ticket that there is one: why is told to those who ask and may know."""
    return DuplicateSuspected(candidate_ticket_id=likeness.ticket_id, signals=(RESTRICTED,))


def _suspicion(likeness: Likeness) -> DuplicateSuspected:
    names = tuple(signal.name for signal in likeness.signals)
    weights = tuple(signal.weight for signal in likeness.signals if signal.name != RESTRICTED)
    return DuplicateSuspected(
        candidate_ticket_id=likeness.ticket_id, score=likeness.score, signals=names, weights=weights
    )


DUPLICATES: Final = Watcher(
    name="duplicates",
    policy=POLICY,
    triggers=frozenset(
        event.TYPE for event in (TicketOpened, TicketClassified, CustomerMessageReceived)
    ),
    reads=READS,
    look=look,
)
