"""Who knew what when: what an agent could see, had opened and was shown before an event.

Three kinds of evidence, kept apart: the log (what was recorded by then, and who may read it),
the read audit (what the agent looked at), and the agent's own word (`seen_position` of a
reply).  None of them says what somebody read with their eyes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from domain.errors import QueryRefused
from domain.events import TYPES, Logged, Recorded
from domain.events.ticket import AgentReplySent
from domain.values import Reader, moment, rfc3339
from projections import who_knew
from projections.redaction import is_closed, withhold
from projections.replay import rendered
from projections.who_knew import Cut
from services.asking import NOW
from services.audit.looks import Opened, opened_by
from services.briefings import Briefings
from services.duplicates import Duplicates
from services.feed import opened
from services.finding import find_event
from services.history import TICKET, History
from services.knowing import Knowing
from services.portfolio import Portfolio
from services.reading import NotFound
from services.security import ROLES, Identity, authorize
from services.store import Place, Row

Clock = Literal["happened", "recorded"]

BESIDE: Final = tuple(name for name in TYPES if not name.startswith("ticket."))
"""Types that can belong to a ticket without standing in its stream: calls, surveys."""

AGENT: Final = "agent/"
ASSUMED: Final = Identity("assumed", frozenset(("agent",)))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of an event.

    Attributes:
        agent: Whose knowledge; who did it, if nobody is named.
        clock: Whether to list what had happened by then, or what was recorded by then.
        after: Entries that were given before, the newest first.
    """

    event_id: UUID
    agent: str | None = None
    clock: Clock = "happened"
    limit: int = 50
    after: int = 0
    known_at: int | None = None


class Witness(Knowing, Duplicates, Briefings, Portfolio):
    """Everything that one identity can learn, also of what others knew."""

    def ticket_of(self, event_id: UUID) -> str:
        """Find the ticket that an event stands on.

        Raises:
            NotFound: If there is no such event on a ticket, as far as one may know.
        """
        row = find_event(self._deployment.log, event_id)
        if row is None or not row.stream_id.startswith(TICKET) or not self._sees(row):
            raise NotFound(f"no event {event_id} of a ticket is known")
        return row.stream_id.removeprefix(TICKET)

    def who_knew(self, ticket_id: str, asked: Asked) -> dict[str, Any]:
        """Say what was known of a ticket before an event, and to whom; the newest first.

        Raises:
            NotFound: If there is no such ticket, or no such event of its company.
            QueryRefused: If nobody of ours did it, and no agent is named.
            Denied: If a customer asks.
        """
        self.staff_only()
        history = self.history(f"{TICKET}{ticket_id.removeprefix(TICKET)}", asked.known_at)
        event = self._event(history, asked.event_id)
        agent = asked.agent or _agent_of(event.event, history.reader)
        reader, rights = self._rights_of(agent)
        cut = _cut_of(event)
        places = [*history.events.places, *self._beside(history, asked)]
        listed = sorted(filter(_listing(asked.clock, cut), map(_happened, places)), reverse=True)
        page = listed[asked.after : asked.after + asked.limit]
        self.viewed(history, len(page))
        looks = self._opened(history, agent, cut)
        entries = [
            _entry(one, history.reader, looks, who_knew.judged(cut, one, agent, reader))
            for one in self._logged([position for _, position in page])
        ]
        more = asked.after + len(page)
        return {
            "event": self.filled(_shown(event, history.reader)),
            "agent": agent,
            "rights": rights,
            "clock": asked.clock,
            "seen_position": cut.seen,
            "counts": who_knew.counted(cut, map(_happened, places)),
            "entries": self.filled(entries),
            "total": len(listed),
            "position": history.position,
            "after": more if more < len(listed) else None,
        }

    def _event(self, history: History, event_id: UUID) -> Logged:
        """Find the event that is asked about: of the ticket, or of one of its companies."""
        row = find_event(self._deployment.log, event_id)
        if row is None or row.company_id not in history.companies or not self._sees(row):
            raise NotFound(f"no event {event_id} is known of this ticket or its company")
        return opened([row], self._deployment.keyring)[0]

    def _sees(self, row: Row) -> bool:
        return self._may("read").may_read(row.company_id)

    def _rights_of(self, agent: str) -> tuple[Reader, dict[str, Any]]:
        """Say what an agent may read: by the keys of that name, or as an agent's key would."""
        keys = [key for key in self._deployment.keys.all() if key.name == agent]
        if not keys:
            return authorize(ASSUMED, "read"), {"roles": ["agent"], "assumed": True}
        roles = frozenset(key.role for key in keys)
        bound = None if any(not key.companies for key in keys) else frozenset(
            company for key in keys for company in key.companies
        )  # fmt: skip
        told = {"roles": sorted(roles), "assumed": False}
        if not any("read" in ROLES[role] for role in roles):
            return Reader(frozenset(), frozenset()), told
        return authorize(Identity(agent, roles, bound), "read"), told

    def _beside(self, history: History, asked: Asked) -> list[Place]:
        """List where calls and surveys stand that belong to the ticket."""
        wanted = NOW.filter(types=BESIDE, tickets=(str(history.ticket_id),))
        upto = asked.known_at
        return [
            Place(entry["occurred_at"].encode(), entry["position"], "", company_id, None)
            for company_id in history.companies
            for entry in self._entries(history.reader, company_id, wanted)
            if upto is None or entry["position"] <= upto
        ]

    def _opened(self, history: History, agent: str, cut: Cut) -> Opened:
        (first,) = self._logged([min(place.position for place in history.events.places)])
        return opened_by(
            self._deployment.log, agent, history.companies, str(history.ticket_id),
            since=moment(first.committed_at), before=cut.position,
        )  # fmt: skip

    def _logged(self, positions: Sequence[int]) -> list[Logged]:
        rows = self._deployment.log.at_all(positions) if positions else []
        return opened(rows, self._deployment.keyring)


def _agent_of(event: Recorded[Any], reader: Reader) -> str:
    if is_closed(reader, event) or not event.actor.startswith(AGENT):
        raise QueryRefused("who did it is not one of ours, or not told to you: name an agent")
    return event.actor.removeprefix(AGENT)


def _cut_of(event: Logged) -> Cut:
    reply = event.event.data
    seen = reply.seen_position if isinstance(reply, AgentReplySent) else None
    return Cut((rfc3339(event.event.occurred_at), event.position), seen)


def _happened(place: Place) -> tuple[str, int]:
    return place.happened.decode(), place.position


def _listing(clock: Clock, cut: Cut) -> Any:
    """Choose what is listed: what had happened by then, or what was recorded by then."""
    by = who_knew.had_occurred if clock == "happened" else who_knew.was_known
    return lambda happened: by(cut, happened)


def _shown(logged: Logged, reader: Reader) -> dict[str, Any]:
    closed = is_closed(reader, logged.event)
    return rendered(logged, withhold(logged.event) if closed else logged.event, reader)


def _entry(logged: Logged, reader: Reader, looks: Opened, told: dict[str, Any]) -> dict[str, Any]:
    """Put one entry as who asks may read it; *told* what it was to the agent."""
    look = looks.showing(logged.position) if told["was_known"] else None
    return {**_shown(logged, reader), **told, "opened": look.told() if look else None}
