"""Small logs of rows, and a mapping that reads them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from services.adapters.csvlog import CsvLog
from services.adapters.mapping import load_mapping
from services.adapters.rejects import Rejects
from services.wire import Report

MAPPING: Final = """
name = "old"
activity = "Status"
[file]
missing = "?"
[ticket]
column = "Ticket"
[company]
column = "Account"
[actor]
column = "Agent"
[time]
column = "Time"
format = "%d/%m/%Y %H:%M"
zone = "UTC"
[opened.fields]
category = { column = "Priority" }
[[rule]]
when = { column = "Status", was = "closed", not = "closed" }
event = "ticket.reopened"
[[rule]]
when = { column = "Status", is = "closed", was_not = "closed" }
event = "ticket.closed"
[rest]
keep = ["Account", "Priority"]
"""

HEADER: Final = "Ticket,Time,Agent,Account,Status,Priority\n"

ROWS: Final = (
    "T-1,2/11/2026 09:02,mia,Acme,new,low\n"
    "T-1,2/11/2026 09:20,tom,Acme,new,low\n"
    "T-2,2/11/2026 09:10,mia,Nordlicht,new,high\n"
    "T-1,3/11/2026 08:00,tom,Acme,closed,high\n"
    "T-2,4/11/2026 08:00,tom,Nordlicht,closed,high\n"
    "T-1,5/11/2026 08:00,mia,Acme,new,high\n"
)


def write_log(
    folder: Path, rows: str | bytes, mapping: str = MAPPING, header: str = HEADER
) -> None:
    """Write a log and its mapping; bytes bring their own header."""
    content = rows if isinstance(rows, bytes) else (header + rows).encode()
    (folder / "log.toml").write_text(mapping)
    (folder / "log.csv").write_bytes(content)


def open_log(folder: Path) -> tuple[CsvLog, Rejects]:
    """Open the log that was written; the rejects go to ``rejects.jsonl``."""
    rejects = Rejects(folder / "rejects.jsonl")
    return CsvLog(folder / "log.csv", load_mapping(folder / "log.toml"), rejects), rejects


def opened(
    folder: Path, rows: str | bytes, mapping: str = MAPPING, header: str = HEADER
) -> tuple[CsvLog, Rejects]:
    """Write a log and open it."""
    write_log(folder, rows, mapping, header)
    return open_log(folder)


def reported(
    folder: Path, rows: str | bytes, mapping: str = MAPPING, header: str = HEADER
) -> list[Report]:
    """List what a log reports, which must be as much as it says."""
    log, rejects = opened(folder, rows, mapping, header)
    with log, rejects:
        log.read()
        reports = list(log.reports())
        assert len(reports) == log.total
    return reports


def of_tickets(reports: Iterable[Report]) -> list[Report]:
    """Leave out the introductions of companies and people."""
    return [report for report in reports if report.stream_id.startswith("ticket/")]
