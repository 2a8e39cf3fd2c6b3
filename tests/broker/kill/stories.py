"""What the publishers of a kill run have to tell: a few companies, many messages."""

import random
from collections.abc import Iterator
from typing import Any, Final

from tests.broker.deployed import WROTE

Events = list[dict[str, Any]]

COMPANIES: Final = 3
TICKETS: Final = 8
SIZES: Final = (1, 1, 1, 5, 20, 100, 300)
"""Of batches: single events and large ones."""

SHARED: Final = 0.05
"""The part of the messages that goes to tickets on which all publishers write."""


def foundation() -> Events:
    """Tell what all publishers need: a company and tickets on which everybody writes."""
    return [
        event("all-0", "company.registered", "company/all", 0, data={"name": "All"}),
        event("all-1", "contact.registered", "contact/all", 0, data={"name": "Somebody"}),
        *(_opening(f"all-t{n}", f"all-{n}", "all", 1) for n in range(3)),
    ]


def story(name: str, seed: int) -> Iterator[Events]:
    """Tell what one publisher sees, in batches; first who there is, then what is said."""
    chance = random.Random(f"{name} {seed}")
    companies = [f"{name}c{n}" for n in range(COMPANIES)]
    tickets = [(f"{name}-{n}", chance.choice(companies)) for n in range(TICKETS)]
    yield [
        *(
            event(f"{name}-c{n}", "company.registered", f"company/{c}", 0, data={"name": c})
            for n, c in enumerate(companies)
        ),
        event(f"{name}-p", "contact.registered", f"contact/{name}", 0, data={"name": name}),
        *(_opening(f"{name}-t{n}", t, c, 1, name) for n, (t, c) in enumerate(tickets)),
    ]
    count = 0
    while True:
        batch = []
        for _ in range(chance.choice(SIZES)):
            count += 1
            shared = chance.random() < SHARED
            ticket = f"all-{chance.randrange(3)}" if shared else chance.choice(tickets)[0]
            batch.append(_said(f"{name}-{count}", ticket, count, chance))
        yield batch


def message(event_id: str, ticket: str, second: int) -> dict[str, Any]:
    """Tell of a message from the customer."""
    said = {"contact_id": "all", "body": f"Message {event_id}"}
    return event(event_id, WROTE, f"ticket/{ticket}", second, visibility="public", data=said)


def event(event_id: str, type_name: str, subject: str, second: int, **more: Any) -> dict[str, Any]:
    """Write a CloudEvent that happened *second* seconds into the story."""
    minutes, seconds = divmod(second, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return {
        "specversion": "1.0", "id": event_id, "source": "kills", "type": type_name,
        "subject": subject, "time": f"2026-03-{1 + days:02}T{hours:02}:{minutes:02}:{seconds:02}Z",
        **more,
    }  # fmt: skip


def _opening(event_id: str, ticket: str, company: str, second: int, who: str = "all") -> Any:
    told = {"subject": f"Case {ticket}", "requester_id": who}
    return event(event_id, "ticket.opened", f"ticket/{ticket}", second, company=company, data=told)


def _said(event_id: str, ticket: str, second: int, chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.2:
        note = {"note": f"Note {event_id}"}
        subject = f"ticket/{ticket}"
        return event(
            event_id, "ticket.internal_note_added", subject, second, visibility="internal",
            data=note,
        )  # fmt: skip
    return message(event_id, ticket, second)
