"""Who touched whom, and the last contact between us and the customer."""

from typing import Final

from domain.events import Event, Recorded
from domain.events.interaction import InteractionLogged
from domain.events.ticket import AgentReplySent, CustomerMessageReceived
from domain.values import rfc3339
from projections.dossier.record import Dossier, Entry
from projections.redaction import RESTRICTED
from projections.ticket_record import TicketState

QUOTED: Final = 160
"""Characters of a message that are kept."""

DIRECTIONS: Final = {"inbound": "inbound", "outbound": "outbound", "none": None}


def wrote(
    company: Dossier, said: CustomerMessageReceived, recorded: Recorded[Event], state: TicketState
) -> None:
    """Note that the customer wrote."""
    contact = said.contact_id or _person(recorded.actor, "contact") or state.requester_id
    company.last_contact = _contact(recorded, said.channel or "message", "inbound", said.body) | {
        "contacts": [contact] if contact else [], "ticket_ids": [state.ticket_id],
    }  # fmt: skip


def replied(
    company: Dossier, said: AgentReplySent, recorded: Recorded[Event], state: TicketState
) -> None:
    """Note that an agent answered, and whom."""
    contact, agent = said.contact_id or state.requester_id, _person(recorded.actor, "agent")
    company.last_contact = _contact(recorded, said.channel or "message", "outbound", said.body) | {
        "contacts": [contact] if contact else [], "staff": [agent] if agent else [],
        "ticket_ids": [state.ticket_id],
    }  # fmt: skip
    _touched(company, [agent], [contact], recorded)


def met(company: Dossier, logged: InteractionLogged, recorded: Recorded[Event]) -> None:
    """Note a call, a meeting or another touch, and who took part."""
    actor = _person(recorded.actor, "agent")
    staff = list(dict.fromkeys(p.user_id for p in logged.participants if p.user_id))
    people = list(dict.fromkeys(p.contact_id for p in logged.participants if p.contact_id))
    staff = staff or ([actor] if actor else [])
    direction = DIRECTIONS[logged.direction]
    company.last_contact = _contact(recorded, logged.kind, direction, logged.summary) | {
        "contacts": people, "staff": staff, "ticket_ids": list(logged.ticket_ids),
    }  # fmt: skip
    _touched(company, [*staff], [*people], recorded)


def withheld(company: Dossier, recorded: Recorded[Event]) -> None:
    """Note a touch of which one may not know who was in touch with whom, or of what."""
    match recorded.data:
        case CustomerMessageReceived():
            company.last_contact = _contact(recorded, "message", "inbound", RESTRICTED)
        case AgentReplySent():
            company.last_contact = _contact(recorded, "message", "outbound", RESTRICTED)
        case InteractionLogged(kind=kind, direction=direction):
            company.last_contact = _contact(recorded, kind, DIRECTIONS[direction], RESTRICTED)
        case _:
            pass


def _contact(
    recorded: Recorded[Event], kind: str, direction: str | None, text: str | None
) -> Entry:
    return {
        "at": rfc3339(recorded.occurred_at), "event_id": str(recorded.event_id), "kind": kind,
        "direction": direction, "text": text[:QUOTED] if text else None, "contacts": [],
        "staff": [], "ticket_ids": [],
    }  # fmt: skip


def _touched(
    company: Dossier,
    staff: list[str | None],
    people: list[str | None],
    recorded: Recorded[Event],
) -> None:
    at, event_id = rfc3339(recorded.occurred_at), str(recorded.event_id)
    for agent in filter(None, staff):
        for contact in filter(None, people):
            known = company.relations.setdefault(agent, {}).get(contact, {"touches": 0})
            company.relations[agent][contact] = {
                "touches": known["touches"] + 1, "last_at": at, "event_id": event_id,
            }  # fmt: skip


def _person(actor: str, role: str) -> str | None:
    kind, _, person = actor.partition("/")
    return person if kind == role else None
