"""What is known of one ticket: as of any moment, with the configuration of then, for a handover.

What stands beside a ticket's own state (how its installations were set, what was on file when
something was asked, whether a promise is past its time) is joined when it is read, as of the
same moment on both clocks, and never stored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from domain.events.duties import FactRequested
from domain.events.ticket import AgentReplySent, CustomerMessageReceived
from domain.values import Reader, rfc3339
from projections import handoff, promises, tickets
from projections import replay as replays
from projections.installations import TYPES as CONFIGURING
from projections.installations import Installation, Installations
from projections.replay import rendered
from projections.ticket_union import joined
from services.asking import NOW, Asking, Moment
from services.finding import find_event
from services.history import TICKET, History
from services.naming import cleaned
from services.promising import promising
from services.reading import NotFound

State = dict[str, Any]

UNANSWERED: Final = 20
"""Messages of the customer that wait for an answer, as a brief lists them; the latest."""


class Knowing(Asking):
    """What one identity can learn of tickets, beyond how they stand."""

    def ticket(self, ticket_id: str, moment: Moment = NOW) -> State:
        """Read one ticket as it stands or stood, with what was so around it at the time.

        Raises:
            NotFound: If there is no such ticket, or was none yet.
        """
        live = moment.is_now
        state = super().ticket(ticket_id) if live else self._ticket_then(ticket_id, moment)
        return self._around(state, moment)

    def handoff(self, ticket_id: str, step: int | None = None, known_at: int | None = None
    ) -> dict[str, Any]:  # fmt: skip
        """Write the brief for whoever takes a ticket over, as it stood after a step, or now.

        Raises:
            NotFound: If there is no such ticket or step.
            Denied: If a customer asks: it is for those who work on the ticket.
        """
        self.staff_only()
        history = self.history(f"{TICKET}{ticket_id.removeprefix(TICKET)}", known_at)
        total = len(history.events)
        (last,) = self.steps(history, total if step is None else step, 1)
        then = None if step is None else datetime.fromisoformat(last.event["occurred_at"])
        return self.brief(history, last, Moment(then, known_at))

    def brief(self, history: History, last: replays.Step, moment: Moment) -> dict[str, Any]:
        """Write the brief of a ticket, whose history was `viewed`, after one of its steps."""
        state = self._around(cleaned(last.whole), moment)
        waiting: list[dict[str, Any]] = self.filled(unanswered(history, last.ordinal))
        told = handoff.brief(state, waiting, rfc3339(moment.at))
        place = {"step": last.ordinal, "steps": len(history.events), "position": history.position}
        return {**place, "at": rfc3339(moment.at), **told}

    def promises(self, company_id: str, moment: Moment = NOW) -> dict[str, Any]:
        """List what was promised to a company on all its tickets, and what came of it by then."""
        self.company(company_id)
        reader, parts = self._may("read", company_id), self._deployment
        self._note(company_id)
        found = (
            self._promising(reader, company_id)
            if moment.is_now
            else promising(parts.log, parts.keyring, reader, company_id, moment)
        )
        told: dict[str, Any] = promises.ledger(cleaned(found), rfc3339(moment.at))
        return told

    def _promising(self, reader: Reader, company_id: str) -> list[State]:
        """List the tickets of a company as they stand, each chain of streams as one."""
        chains: dict[str, State] = {}
        for state in tickets.states_of(self._view("tickets"), reader, company_id):
            chain = state["chain_id"]
            is_part = state["continues"] or state["moved_to"]
            links = self._links(chain) if is_part else [state]
            chains[chain] = replays.whole([link for link in links if link["chain_id"] == chain])
        return [*chains.values()]

    def installations(self, company_id: str, moment: Moment = NOW) -> list[dict[str, Any]]:
        """List what runs where at a company, and how it is or was set, as far as one may know."""
        self.company(company_id)
        self._note(company_id)
        installed = self._installed([company_id], moment)
        found = [installed.at(name, moment.at) for name in installed.ids]
        return [_configuration(one) for one in found if one.event_ids]

    def _ticket_then(self, ticket_id: str, moment: Moment) -> State:
        """Read a ticket as its replay has it at a moment: the streams one may read, joined."""
        history = self.history(f"{TICKET}{ticket_id.removeprefix(TICKET)}", moment.known_at)
        until = rfc3339(moment.at).encode()
        step = sum(place.happened <= until for place in history.events.places)
        has_begun = bool(history.links(step))  # what it now holds of others is not yet it
        last = next(self.walk(history, step, 1), None) if has_begun else None
        links = map(orjson.loads, (*last.others, last.document) if last else ())
        seen = [link for link in links if history.reader.may_read(link["company_id"])]
        if not seen:
            raise NotFound(f"no ticket {ticket_id} was known then")
        self.viewed(history, 1)
        whole: State = cleaned(joined(history.ticket_id or ticket_id, seen))
        return whole

    def _around(self, state: State, moment: Moment) -> State:
        """Put beside a ticket's state what was so around it."""
        at = rfc3339(moment.at)
        told = {**state, "promises": [promises.judged(p, at) for p in state["promises"]]}
        if self._may("read").public_only:
            return {**told, "configurations": []}
        companies = self._companies_of(state)
        is_set_up = any(_installations_of(state))  # of most tickets nobody said on what they are
        installed = self._installed(companies if is_set_up else [], moment)
        return {
            **told,
            "steps": [_on(installed, step) for step in state["steps"]],
            "facts_asked": self._asked_on(state, companies, moment),
            "configurations": [*self._configurations(installed, state, moment)],
        }

    def _companies_of(self, state: State) -> list[str]:
        """Name the companies that a ticket was with, as far as one may read of them."""
        if not state["continues"]:
            return [state["company_id"]]
        reader, log = self._may("read"), self._deployment.log
        found = dict.fromkeys(map(log.company_of, self._streams(state["chain_id"])))
        return [company for company in found if company and reader.may_read(company)]

    def _installed(self, companies: Sequence[str], moment: Moment) -> Installations:
        found = [
            logged
            for company_id in companies
            for logged in self.company_events(company_id, CONFIGURING, moment.known_at)
        ]
        return Installations(found, self._may("read"))

    def _configurations(
        self, installed: Installations, state: State, moment: Moment
    ) -> Iterator[dict[str, Any]]:
        """Say of a ticket's installations how they were set when it was opened, and changed."""
        named = dict.fromkeys(_installations_of(state))
        known = [name for name in named if name in installed.ids]
        if not known or state["opened_at"] is None:
            return
        opened_at = datetime.fromisoformat(state["opened_at"])
        event_id = state["evidence"].get("opened")
        opening = find_event(self._deployment.log, UUID(event_id)) if event_id else None
        for name in known:
            then = installed.at(name, opened_at, opening.position if opening else None)
            yield {
                "installation_id": name,
                "at_opening": _configuration(then),
                "changed_since": installed.since(name, opened_at, moment.at),
            }

    def _asked_on(
        self, state: State, companies: Sequence[str], moment: Moment
    ) -> list[dict[str, Any]]:
        """Say of each thing we asked the customer for whether it was on file, each time."""
        if not state["facts_asked"]:
            return []
        wanted = moment.filter(types=(FactRequested.TYPE,), tickets=(state["chain_id"],))
        askings: dict[str, list[dict[str, Any]]] = {}
        for question in (q for company in companies for q in self.asked(company, wanted)):
            askings.setdefault(question["fact_key"], []).append(question)
        return [{**one, "askings": askings.get(one["id"], [])} for one in state["facts_asked"]]


def _installations_of(state: State) -> list[str]:
    """Name what a ticket and its steps are about, with repeats."""
    named = (*state["installation_ids"], *(step["installation_id"] for step in state["steps"]))
    return [name for name in named if name]


def _on(installed: Installations, step: dict[str, Any]) -> dict[str, Any]:
    """Say of a step how the installation was set at the time."""
    name, at = step["installation_id"], step["at"]
    if at is None or name not in installed.ids:
        return {**step, "configuration": None}
    return {**step, "configuration": _configuration(installed.at(name, datetime.fromisoformat(at)))}


def _configuration(found: Installation) -> dict[str, Any]:
    told = asdict(found)
    return {**told, "settings": dict(sorted(told["settings"].items()))}


def unanswered(history: History, count: int) -> list[dict[str, Any]]:
    """List the last messages of the customer among *count* events that no reply followed."""
    found: list[dict[str, Any]] = []
    gone = history.gone_by(count)
    for row in history.events[:count].backwards():
        if row.position in gone:
            continue
        if row.type == AgentReplySent.TYPE or len(found) == UNANSWERED:
            break
        if row.type == CustomerMessageReceived.TYPE:
            logged = history.events.open(row)
            line = rendered(logged, logged.event, history.reader)
            found.append({**line, "event_ids": [line["event_id"]]})
    return found[::-1]
