"""A ticket at one step: the conversation so far, the state then, and what had changed."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from domain.values import ticket_chain
from services.api.identity import PathId, Read
from services.reading import Reading
from services.web.page import page
from services.web.window import Window, window

router = APIRouter(include_in_schema=False)

ROWS: Final = {
    "status": "Status", "waiting_for": "Waits for", "waiting_until": "Until",
    "severity": "Severity", "priority": "Priority", "assignee": "Assigned to",
    "requester_id": "Requester", "reporters": "Also reported by", "product_id": "Product",
    "category": "Category", "department": "Department", "support_line": "Support line",
    "opened_at": "Opened", "first_reply_at": "First reply", "last_reply_at": "Last reply",
    "last_customer_message_at": "Customer wrote", "resolved_at": "Resolved",
    "closed_at": "Closed", "resolution_code": "Resolution", "root_cause": "Root cause",
}  # fmt: skip
"""What the panel of the state shows, in its order."""

FEW_TICKETS: Final = 1_000
"""Tickets of a company that are looked through for those merged into this one."""


@router.get("/tickets/{ticket_id}")
def ticket(
    request: Request,
    read: Read,
    ticket_id: PathId,
    step: Annotated[int | None, Query(ge=1, le=10**9)] = None,
    event: UUID | None = None,
) -> Response:
    """Show a ticket at one step, at an event of it, or as it is now."""
    seen = window(read, ticket_id, step, str(event) if event else None)
    at, total = seen.step, seen.total
    moves = [
        ("First", 1 if at > 1 else None),
        ("← Previous", at - 1 if at > 1 else None),
        ("Next →", at + 1 if at < total else None),
        ("Last", total if at < total else None),
    ]
    return page(
        request, "ticket.html", ticket_id=ticket_chain(ticket_id), seen=seen, state=seen.state,
        moves=moves, rows=_rows(seen), is_now=at == total, past=at != total,
        company_name=read.company_name(seen.state["company_id"]),
        links=[(link, read.company_name(link.company_id)) for link in seen.links],
        absorbed=_absorbed(read, seen) if at == total else [],
    )  # fmt: skip


def _rows(seen: Window) -> list[tuple[str, Any, Any, bool]]:
    """List what is known of the ticket: what it is, its value, what it was, whether it changed."""
    rows = []
    for name, label in ROWS.items():
        value, was = seen.state.get(name), seen.before.get(name)
        changed = bool(seen.before) and value != was
        if value not in (None, []) or changed:
            rows.append((label, value, was, changed))
    return rows


def _absorbed(read: Reading, seen: Window) -> list[dict[str, Any]]:
    """List the tickets that were merged into this one."""
    company_id = seen.state["company_id"]
    name = read.company_name(company_id)
    if name is None or read.company(company_id).get("tickets", 0) > FEW_TICKETS:
        return []
    chain = seen.state["chain_id"]
    return [t for t in read.tickets(company_id, "merged") if t["merged_into"] == chain]
