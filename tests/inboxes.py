"""What publishers put into the inbox: records of Kafka that carry CloudEvents, good and bad."""

import json
from itertools import count
from typing import Any

from services.bus import Message
from services.modes import BATCHED, PLAIN, STRUCTURED

_offsets = count()
_names = count(1)

Headers = list[tuple[str, bytes]]


def event(**changes: Any) -> dict[str, Any]:
    """Write a customer's message to T-1 of Acme; ``None`` leaves an attribute out."""
    cloud = {
        "specversion": "1.0",
        "id": f"m-{next(_names)}",
        "source": "mail",
        "type": "ticket.customer_message_received",
        "subject": "ticket/T-1",
        "time": "2026-03-02T09:00:00Z",
        "visibility": "public",
        "data": {"contact_id": "jan", "body": "Help!"},
        **changes,
    }
    return {name: value for name, value in cloud.items() if value is not None}


def beginning() -> list[dict[str, Any]]:
    """Write what a message to T-1 needs: its company, its person, its ticket; and another one."""
    at = "2026-03-02T08:00:00Z"
    known: dict[str, Any] = {"time": at, "source": "crm", "visibility": None}
    return [
        event(type="company.registered", subject="company/acme", data={"name": "Acme"}, **known),
        event(type="company.registered", subject="company/other", data={"name": "Other"}, **known),
        event(type="contact.registered", subject="contact/jan", data={"name": "Jan"}, **known),
        event(type="ticket.opened", subject="ticket/T-1", company="acme",
              data={"subject": "Frames drop", "requester_id": "jan"}, **known),
    ]  # fmt: skip


def message(
    value: bytes | None, headers: Headers | None = None, key: bytes | None = b"acme"
) -> Message:
    return Message(next(_offsets), key, value, headers or [])


def structured(cloud: dict[str, Any]) -> Message:
    return message(encoded(cloud), [("content-type", STRUCTURED.encode())])


def binary(cloud: dict[str, Any]) -> Message:
    attributes = [
        (f"ce_{name}", str(value).encode()) for name, value in cloud.items() if name != "data"
    ]
    return message(encoded(cloud["data"]), [*attributes, ("content-type", PLAIN.encode())])


def batch(*clouds: dict[str, Any]) -> Message:
    return message(encoded([*clouds]), [("content-type", BATCHED.encode())])


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
