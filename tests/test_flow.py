"""The walk of docs/walk.md, without a broker: from a publisher's request to an agent's page."""

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from services.api.app import create_app
from services.config import Settings
from services.deployment import Deployment
from services.security import Role


def cloud_event(type_name: str, subject: str, time: str, **more: object) -> dict[str, Any]:
    """Write what a publisher sends."""
    head = {"specversion": "1.0", "source": "mail", "id": f"{subject} {type_name} {time}"}
    return {**head, "type": type_name, "subject": subject, "time": time, **more}


MAIL = [
    cloud_event("company.registered", "company/acme", "2026-11-02T08:00:00Z",
                data={"name": "Acme Broadcast", "domains": ["acme.tv"]}),
    cloud_event("contact.registered", "contact/jan", "2026-11-02T08:00:00Z",
                data={"name": "Jan Peeters", "emails": ["jan@acme.tv"]}),
    cloud_event("ticket.opened", "ticket/TCK-1182", "2026-11-02T09:02:00Z",
                company="domain=acme.tv", data={"subject": "Playout drops frames"}),
    cloud_event("ticket.resolved", "ticket/TCK-1182", "2026-11-02T14:00:00Z"),
    cloud_event("ticket.customer_message_received", "ticket/TCK-1182", "2026-11-03T07:40:00Z",
                visibility="public",
                data={"contact_id": "mail=jan@acme.tv", "body": "It drops frames again."}),
]  # fmt: skip


def test_a_customers_mail_reaches_the_companys_timeline_and_reopens_the_ticket(
    tmp_path: Path,
) -> None:
    with Deployment(Settings(home=tmp_path)) as longcase, TestClient(create_app(longcase)) as http:
        roles: dict[str, Role] = {"mailroom": "publisher", "mia": "agent"}
        publisher, agent = (
            {"Authorization": f"Bearer {longcase.keys.create(name, role)}"}
            for name, role in roles.items()
        )

        for mail in MAIL:
            kind = {"Content-Type": "application/cloudevents+json"}
            receipt = http.post("/v1/events", json=mail, headers={**publisher, **kind}).json()
            assert receipt["status"] == "accepted"
        asked = {"wait_for": receipt["last_position"]}
        page = http.get("/v1/companies/acme/timeline", params=asked, headers=agent).json()

    assert [entry["text"] for entry in page["entries"]] == [
        "Company registered: Acme Broadcast",
        'mailroom opened TCK-1182: "Playout drops frames"',
        "Resolved",
        'Jan Peeters wrote: "It drops frames again."',
        "Reopened",
    ]
