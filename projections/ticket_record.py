"""The record of one ticket: its fields, and how it is written and read back.

Times are text as in JSON, so that a record is its own document.
"""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson

Entry = dict[str, Any]
Stage = Literal["new", "open", "on_hold", "resolved", "closed"]
Status = Literal["new", "open", "on_hold", "resolved", "closed", "moved", "merged"]

COUNTED: Final = (
    "events", "customer_messages", "agent_replies", "notes", "steps", "reopened", "reassigned",
    "holds",
)  # fmt: skip

BLANKS: Final[dict[str, Entry]] = {
    "steps": {"kind": None, "what": None, "outcome": None, "installation_id": None,
              "by": None, "at": None, "event_id": None},
    "promises": {"what": None, "to": None, "by": None, "made_at": None, "due_at": None,
                 "state": "open", "ended_at": None, "reason": None},
    "facts_asked": {"from": None, "at": None, "times": 0},
    "consultations": {"department": None, "question": None, "by": None, "asked_at": None,
                      "due_at": None, "state": "asked", "accepted_by": None, "accepted_at": None,
                      "answer": None, "answered_by": None, "answered_at": None,
                      "reason": None, "ended_at": None},
    "escalations": {"source": None, "by_contact_id": None, "to_role": None, "reason": None,
                    "severity": None, "raised_at": None, "state": "raised", "owner_id": None,
                    "owner_due_at": None, "trend": None, "note": None, "watchers": None,
                    "updated_at": None, "outcome": None, "agreed_with": None,
                    "resolved_at": None, "declined_at": None, "declined_because": None},
    "milestones": {"state": "running", "due_at": None, "entitlement_id": None, "at": None,
                   "elapsed_business": None},
    "suspected": {"score": None, "signals": None, "weights": None, "at": None,
                  "state": "suspected", "by": None, "reason": None},
    "workers": {"events": 0, "since": None, "until": None},
}  # fmt: skip
"""The lists of a ticket, and what an entry of each holds beside its id and `event_ids`."""


@dataclass(slots=True)
class TicketState:
    """What is known of one ticket stream.

    Attributes:
        stage: Where it stands, or stood when it was moved or merged.
        reporters: Contacts who joined, beside the requester.
        opened_at: When the chain's first stream was opened.
        promises: Open and ended ones, oldest first, as all lists here.
        suspected: Tickets that this one may be a duplicate of.
        merges: Those in force: the event and the ticket this one went into.
        split_into: The tickets that parts of this one became, and how many events went along.
        workers: Agents of ours who did something, in the order they came to it, each with the
            first and the last event.
        evidence: The last event of each kind that says how it stands.
        fields: The last values of the source's own fields.
    """

    ticket_id: str = ""
    chain_id: str = ""
    company_id: str | None = None
    number: str | None = None
    subject: str | None = None
    status: Status = "new"
    stage: Stage = "new"
    waiting_for: str | None = None
    waiting_until: str | None = None
    requester_id: str | None = None
    reporters: list[str] = field(default_factory=list)
    channel: str | None = None
    priority: int | None = None
    severity: int | None = None
    category: str | None = None
    product_id: str | None = None
    department: str | None = None
    support_line: str | None = None
    installation_ids: list[str] = field(default_factory=list)
    assignee: Entry = field(default_factory=lambda: {"agent": None, "team": None})
    opened_at: str | None = None
    first_reply_at: str | None = None
    last_reply_at: str | None = None
    last_customer_message_at: str | None = None
    last_event_at: str | None = None
    resolved_at: str | None = None
    closed_at: str | None = None
    resolution_code: str | None = None
    root_cause: str | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    steps: list[Entry] = field(default_factory=list)
    promises: list[Entry] = field(default_factory=list)
    facts_asked: list[Entry] = field(default_factory=list)
    consultations: list[Entry] = field(default_factory=list)
    escalations: list[Entry] = field(default_factory=list)
    milestones: list[Entry] = field(default_factory=list)
    suspected: list[Entry] = field(default_factory=list)
    links: list[Entry] = field(default_factory=list)
    merges: list[Entry] = field(default_factory=list)
    merged_into: str | None = None
    split_into: list[Entry] = field(default_factory=list)
    moved_to: str | None = None
    continues: str | None = None
    workers: list[Entry] = field(default_factory=list)
    evidence: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str | None] = field(default_factory=dict)
    _event_id: str = field(default="", repr=False, compare=False)
    _known: dict[tuple[str, str], Entry] = field(default_factory=dict, repr=False, compare=False)

    def begin(self, event_id: str) -> None:
        """Say which event is being taken over: the entries it touches will name it."""
        self._event_id = event_id

    def entry(self, entries: str, id: str) -> Entry:
        """Find the entry *id* of a list, blank and at its end if it is new, to change it."""
        known = self._known.get((entries, id))
        if known is None:
            known = self._known[entries, id] = {"id": id, **BLANKS[entries], "event_ids": []}
            getattr(self, entries).append(known)
        known["event_ids"].append(self._event_id)
        return known

    def told_of(self, entries: str, id: str) -> Entry:
        """Read the entry *id* of a list; it must be there."""
        return self._known[entries, id]


def dump(state: TicketState) -> bytes:
    """Write the state as canonical JSON: equal states give equal bytes."""
    return orjson.dumps(state, option=orjson.OPT_SORT_KEYS)


def load(document: bytes | str) -> TicketState:
    """Read back what `dump` wrote."""
    return revived(orjson.loads(document))


def revived(fields: dict[str, Any]) -> TicketState:
    """Make a state of the fields that were written."""
    state = TicketState(**fields)
    for entries in BLANKS:
        for known in getattr(state, entries):
            state._known[entries, known["id"]] = known  # noqa: SLF001  the state's own index
    return state
