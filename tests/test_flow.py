"""The walk of docs/walk.md, without a broker."""

import json
from pathlib import Path

from projections.timeline_filter import Filter
from services.config import Settings
from services.deployment import Deployment
from services.reading import Reading
from services.security import local
from services.wire import read_cloud_event


def cloud_event(type_name: str, subject: str, time: str, **more: object) -> bytes:
    """Write what a publisher sends."""
    event = {"type": type_name, "subject": subject, "time": time, "source": "mail", **more}
    return json.dumps({"id": f"{subject} {type_name} {time}", **event}).encode()


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
    with Deployment(Settings(home=tmp_path)) as longcase:
        for mail in MAIL:
            (receipt,) = longcase.desk.record([read_cloud_event(mail, longcase.desk.resolve)])
            assert receipt.status == "accepted"

        longcase.catch_up()
        page = Reading(longcase, local()).timeline("acme", Filter()).page

    assert [json.loads(entry)["text"] for entry in page.entries] == [
        "Company registered: Acme Broadcast",
        'The system opened TCK-1182: "Playout drops frames"',
        "Resolved",
        'Jan Peeters wrote: "It drops frames again."',
        "Reopened",
    ]
