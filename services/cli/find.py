"""`longcase companies` and `longcase tickets`: find whom and what it is about."""

from typing import Annotated, Any, Final, Literal

from services.cli import local
from services.cli.kinds import bare, limit
from services.cli.show import TEXT, Columns, Output, day, note, table, when

Status = Literal["new", "open", "on_hold", "resolved", "closed", "moved", "merged"]


def _status(ticket: dict[str, Any]) -> str:
    waiting = ticket["waiting_for"]
    return f"{ticket['status'].replace('_', ' ')}{f', for {waiting}' if waiting else ''}"


def _assignee(assignee: dict[str, str | None]) -> str:
    return " / ".join(name for name in (assignee["agent"], assignee["team"]) if name)


NOBODY: Final = "no company is registered yet; longcase run --sample brings some"

COMPANIES: Final[Columns] = {
    "Company": lambda c: c["company_id"],
    "Tier": lambda c: c["tier"],
    "Tickets": lambda c: c["tickets"],
    "Events": lambda c: c["events"],
    "Last heard of (UTC)": lambda c: when(c["last_event_at"]),
    "Name": lambda c: c["name"] or c["kind"],
}

TICKETS: Final[Columns] = {
    "Ticket": lambda t: t["ticket_id"],
    "Status": _status,
    "Sev": lambda t: t["severity"],
    "Has it": lambda t: _assignee(t["assignee"]),
    "Opened": lambda t: day(t["opened_at"]),
    "Last event": lambda t: day(t["last_event_at"]),
    "Subject": lambda t: t["subject"] or t["category"],
}


def companies(
    text: str | None = None,
    /,
    *,
    limit: Annotated[int, limit(1_000)] = 50,
    output: Output = TEXT,
) -> None:
    """List companies, or find them by what is known of them.

    Without a text, those heard of last come first.

    Args:
        text: A name, id, domain, mail address or phone of the company, or a name of one of its
            people; the beginnings of words are enough.
        limit: How many to show, at most.
    """
    with local.reading() as (reading, _):
        found, others = reading.companies(text, limit), reading.unassigned()
    table(found, COMPANIES, output, f"no company matches {text!r}" if text else NOBODY)
    if others and output.form == "text":
        many = "1 ticket" if others == 1 else f"{others:,} tickets"
        note(f"{many} of no known company: longcase tickets unassigned")


def tickets(
    company: str,
    /,
    *,
    status: Status | None = None,
    roll_up: bool = False,
    output: Output = TEXT,
) -> None:
    """List every ticket of a company, by anyone there.

    Open ones come first, by severity and age.

    Args:
        company: The company's id; longcase companies finds it.
        status: Only those with this status.
        roll_up: With those of the companies that belong to it.
    """
    company = bare("company", company)
    with local.reading() as (reading, _):
        found = reading.tickets(company, status, roll_up=roll_up)
    nothing = f"{company} has no ticket{f' that is {status}' if status else ''}"
    table(found, TICKETS, output, nothing)
