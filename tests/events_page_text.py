"""What `docs/events.md` says in words, and its examples."""
# ruff: noqa: E501  a row of a table is one line

from typing import Any, Final

INTRODUCTION: Final = """\
# Events

An event says that something happened: a customer wrote, a promise was made, seats were bought.
Publishers send events, everything else is made from them, and none is ever changed or removed.
This page is made from the code by `make docs`; the words it uses stand in
[the glossary](glossary.md).

**To send one**, post a [CloudEvent](https://cloudevents.io) to `/v1/events`, or hand a file with
one on each line to `longcase publish`:

| Attribute | Says |
| --- | --- |
| **`type`** | which event it is: the second column of the table below |
| **`source`**, **`id`** | which system reports, and its own id for the report; sending the same two again changes nothing |
| **`time`** | when it happened (RFC 3339, with an offset or `Z`), which may be long before it is reported, but not before 1970 |
| **`subject`** | the stream it stands in: a kind and an id that you choose, such as `ticket/TCK-1182` |
| **`data`** | the event's own fields, as listed below; one that is not listed is refused |
| `company` | the company a new ticket, interaction or survey belongs to: an id, or `domain=…`, `mail=…`, `phone=…`, `<system>=<its id>`; later events of the stream inherit it |
| `actor` | who did it: `agent/mia`, `contact/jan-peeters`, `system/crm` |
| `visibility` | who may see it: `public` (the customer too), `internal` or `restricted`; messages and notes must say |
| `correlationid`, `causationid` | what it belongs to, and what it follows from |
| `expectedversion` | the stream's version that you know; if it has moved on, the event is refused |

**To read one**, take the stored document, described after the table: the same bytes stand in the
store, travel over Kafka and are hashed for the audit. Ignore fields that you do not know.

**Sealed** texts are encrypted inside the stored document, each with one key: that of the person
it is by, to or about, or the company's. When a person is erased, their key is destroyed. Publishers
send plain text, and the API opens it for those who may read it.

**Versions**: a field may be added, with a default; any other change makes a new version of the
event. Stored events of an older version are turned into the current one when they are read.

In the tables a field in **bold** must be there; the others may be left out."""

ENVELOPE: Final = """\
One event and everything known about its happening ([schema](schemas/envelope.json)). Its place in
the log (position, `company_seq`, stream version) stands beside it, not inside: in headers on
Kafka, in columns in the store."""

KINDS: Final = {
    "company": "A company is a customer. Its stream holds what is known before the first call.",
    "contact": "A contact is a person, apart from any company. The stream belongs to none.",
    "ticket": "A ticket is one conversation about one piece of work, however long it takes.",
    "interaction": "An interaction is one touch on any channel, about a ticket or not.",
    "survey": "A survey is one question to one person about one touchpoint.",
    "product": "A product is what we sell, whoever runs it. The stream belongs to no company.",
    "reads": (
        "That somebody looked is itself on record, apart from the timelines. longcase writes "
        "these events itself; publishers do not send them."
    ),
}

COMPANY: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "company.contact_affiliated",
    "source": "crm",
    "id": "crm-20411",
    "time": "2026-03-02T09:15:00Z",
    "subject": "company/acme-broadcast",
    "actor": "system/crm",
    "data": {
        "contact_id": "jan-peeters",
        "title": "VP Engineering",
        "role": "decision_maker",
        "vip": True,
        "valid_from": "2026-03-01",
    },
}

CONTACT: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "contact.registered",
    "source": "crm",
    "id": "crm-20410",
    "time": "2026-03-02T09:14:30Z",
    "subject": "contact/jan-peeters",
    "actor": "system/crm",
    "data": {
        "name": "Jan Peeters",
        "emails": ["jan.peeters@acme-broadcast.example"],
        "phones": ["+3220000101"],
        "external_ids": [{"system": "crm", "id": "003-8812"}],
        "locale": "nl-BE",
        "time_zone": "Europe/Brussels",
    },
}

OPENED: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "ticket.opened",
    "source": "helpdesk",
    "id": "hd-77120",
    "time": "2026-09-08T06:12:00Z",
    "subject": "ticket/TCK-1182",
    "company": "acme-broadcast",
    "actor": "agent/kofi",
    "data": {
        "number": "TCK-1182",
        "subject": "Playout drops frames on CH1",
        "requester_id": "jan-peeters",
        "channel": "phone",
        "severity": 1,
        "installation_ids": ["acme-playout-a"],
    },
}

WROTE: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "ticket.customer_message_received",
    "source": "mail",
    "id": "<20260908.0702@acme-broadcast.example>",
    "time": "2026-09-08T07:02:00+02:00",
    "subject": "ticket/TCK-1182",
    "actor": "contact/jan-peeters",
    "visibility": "public",
    "data": {
        "contact_id": "jan-peeters",
        "channel": "mail",
        "body": "Still dropping, every eleven minutes. We go live with the election at 20:00.",
    },
}

CALLED: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "interaction.logged",
    "source": "telephony",
    "id": "call-5531",
    "time": "2026-09-08T06:10:00Z",
    "subject": "interaction/call-5531",
    "company": "phone=+3220000101",
    "actor": "agent/kofi",
    "data": {
        "kind": "call",
        "direction": "inbound",
        "participants": [{"contact_id": "jan-peeters"}, {"user_id": "kofi"}],
        "started_at": "2026-09-08T06:03:00Z",
        "ended_at": "2026-09-08T06:10:00Z",
        "summary": "Frames drop on CH1 since the upgrade; opened TCK-1182 while on the phone.",
        "ticket_ids": ["TCK-1182"],
    },
}

ANSWERED: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "survey.answered",
    "source": "survey",
    "id": "csat-901-1",
    "time": "2026-10-24T08:30:00Z",
    "subject": "survey/csat-901",
    "actor": "contact/jan-peeters",
    "data": {"score": 3, "contact_id": "jan-peeters", "comment": "Fixed, but it took six weeks."},
}

RELEASED: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "product.version_released",
    "source": "releases",
    "id": "playout-server-7.2.1",
    "time": "2026-10-05T06:00:00Z",
    "subject": "product/playout-server",
    "actor": "system/releases",
    "data": {"version": "7.2.1", "notes": "Fixes the leak in the codec."},
}

MERGED: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "company.merged",
    "source": "crm",
    "id": "crm-20977",
    "time": "2026-10-02T14:00:00Z",
    "subject": "company/acme-benelux",
    "actor": "agent/anouk",
    "data": {"kept_id": "acme-broadcast", "absorbed_id": "acme-benelux", "reason": "One firm."},
}

EXAMPLES: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "company": (COMPANY, MERGED),
    "contact": (CONTACT,),
    "ticket": (OPENED, WROTE),
    "interaction": (CALLED,),
    "survey": (ANSWERED,),
    "product": (RELEASED,),
}
"""CloudEvents to learn from, by the kind of their stream; nobody publishes reads."""
