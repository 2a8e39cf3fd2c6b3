"""`longcase portfolio`: all companies together, and which revenue is exposed."""

from typing import Annotated, Any, Final

from services.cli import local, times
from services.cli.asked import known
from services.cli.kinds import Time, TimeOrPosition, limit
from services.cli.show import TEXT, Columns, Output, document, documents, line, note, table

NOT_KNOWN: Final = "not known"


def _amounts(amounts: dict[str, str] | None) -> str:
    return ", ".join(_money(code, amount) for code, amount in (amounts or {}).items()) or NOT_KNOWN


def _money(currency: str, amount: str) -> str:
    from decimal import Decimal

    from projections.phrases import money

    return money(Decimal(amount), currency)


def _renewal(row: dict[str, Any]) -> str:
    found = row["renewal"]
    return f"{found['renews_on']} ({found['days']:,} d)" if found else NOT_KNOWN


def _because(row: dict[str, Any]) -> str:
    return ", ".join(
        f"Sev {reason['severity']} {reason['ticket_id']}"
        if reason["rule"] == "severe_ticket"
        else f"escalation {reason['id']}"
        for reason in row["because"]
    )


COLUMNS: Final[Columns] = {
    "Company": lambda row: row["company_id"],
    "ARR": lambda row: _amounts(row["arr"]),
    "Lifetime": lambda row: _amounts(row["ltv"]),
    "Renews": _renewal,
    "Open": lambda row: row["open_tickets"],
    "Sev 1-2": lambda row: row["severe_tickets"],
    "Escalated": lambda row: row["open_escalations"],
    "Exposed by": _because,
}


def portfolio(
    *,
    exposed: bool = False,
    as_of: Time = None,
    known_at: TimeOrPosition = None,
    limit: Annotated[int, limit(100_000)] = 50,
    output: Output = TEXT,
) -> None:
    """List companies with what they are worth, and the revenue that is exposed.

    Exposed is a company with an open ticket of severity 1 or 2, or an open escalation.  The sums
    are raw: each company's ARR once, by currency, over all companies; those of which no ARR is
    known are in none.  Records that were merged are one company.

    Args:
        exposed: Only companies whose revenue is exposed.
        as_of: As it had happened by this time.
        known_at: As it was recorded by this time, or up to this position.
        limit: How many companies to show, at most; exposed ones come first, worth most first.
    """
    from services.portfolio import Part

    with local.reading() as (reading, _):
        part = Part(limit=limit, exposed=exposed)
        moment = times.time(as_of, "--as-of")
        found = reading.portfolio(part, moment, known(reading, known_at))
    if output.form == "json":
        document(found)
    elif output.form == "jsonl":
        documents(found["companies"], output)
    else:
        _print(found, output)


def _print(found: dict[str, Any], output: Output) -> None:
    for told in _sums(found["exposed"]):
        line(told)
    if found["companies"]:
        line("")
    table(found["companies"], COLUMNS, output, "no company fits what is asked")
    if (more := found["total"] - len(found["companies"])) > 0:
        note(f"{more:,} more: --limit {found['total']}")
    note(f"as of {found['as_of'][:16].replace('T', ' ')} UTC, position {found['position']:,}")


def _sums(exposed: dict[str, Any]) -> list[str]:
    """Say what is exposed, a line for each currency, and of how many companies it is not known."""
    told = []
    for one in exposed["sums"]:
        near = one["renewal"]["within_90_days"]
        told.append(
            f"Revenue exposed: {_money(one['currency'], one['arr'])} a year "
            f"of {_companies(one['companies'])}, "
            f"{_money(one['currency'], near['arr'])} of it renews within 90 days"
        )
    if unknown := exposed["not_known"]["companies"]:
        told.append(f"Revenue exposed, ARR not known: {_companies(unknown)}")
    return told or ["No revenue is exposed"]


def _companies(count: int) -> str:
    return "1 company" if count == 1 else f"{count:,} companies"
