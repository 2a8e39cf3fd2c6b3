"""The mapping file: what is wrong in it is said before a row is read."""

import re
from pathlib import Path
from typing import Final

import pytest

from services.adapters.csvlog import CsvLog
from services.adapters.mapping import SHIPPED, MappingError, load_mapping
from services.adapters.rejects import Rejects
from services.wire import Report

DOCUMENTATION: Final = Path(__file__).parent.parent / "docs" / "mapping.md"

START: Final = """
name = "old-helpdesk"
[ticket]
column = "Ticket"
[time]
column = "Time"
format = "iso"
zone = "UTC"
"""


def rule(event: str, fields: str = "", when: str = 'column = "Status", is = "x"') -> str:
    """Write one rule."""
    return f'[[rule]]\nwhen = {{ {when} }}\nevent = "{event}"\nfields = {{ {fields} }}\n'


def complaint(folder: Path, more: str, start: str = START) -> str:
    """Read a mapping that is wrong, and say what is said about it."""
    path = folder / "tickets.toml"
    path.write_text(start + more)
    with pytest.raises(MappingError) as error:
        load_mapping(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def described(report: Report) -> str:
    """Write a report as docs/mapping.md does."""
    time = report.occurred_at.strftime("%Y-%m-%dT%H:%MZ")
    activity = report.source.activity or ""
    return f"{time} {report.event.TYPE:27} {report.stream_id:23} {activity}".rstrip()


def test_the_example_of_the_documentation_becomes_what_it_says(tmp_path: Path) -> None:
    page = DOCUMENTATION.read_text()
    example = dict(re.findall(r"```(csv|toml|text)\n(.*?)```", page, re.DOTALL))
    (tmp_path / "tickets.csv").write_text(example["csv"])
    (tmp_path / "tickets.toml").write_text(example["toml"])
    rejects = Rejects()

    mapping = load_mapping(tmp_path / "tickets.toml")
    with CsvLog(tmp_path / "tickets.csv", mapping, rejects) as log:
        log.read()
        lines = [described(report) for report in log.reports()]

    assert lines == example["text"].splitlines()
    assert rejects.examples == []


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_mapping_is_found_by_its_name(path: Path) -> None:
    assert load_mapping(path.stem).name == path.stem


def test_a_mapping_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(MappingError, match="brings helpdesk-italy, servicenow-uci498"):
        load_mapping("servicenow")


def test_a_file_that_is_not_toml_is_answered_with_the_line(tmp_path: Path) -> None:
    assert "line 9" in complaint(tmp_path, "ticket = =")


def test_a_key_that_is_missing_is_named(tmp_path: Path) -> None:
    said = complaint(tmp_path, "", START.replace("column", "prefix", 1))
    assert said == "ticket.column: must be there"


WRONG: Final = {
    "rst: no such key here; did you mean 'rest'?": "[rst]\nkeep = []",
    "rule 1: event: no event has the type 'ticket.asigned'; did you mean 'ticket.assigned'?": rule(
        "ticket.asigned"
    ),
    "rule 1: event: ticket.opened is written by the import itself; see [opened], [company]": rule(
        "ticket.opened"
    ),
    "rule 1: event: survey.sent cannot come from a row; use ticket, company, interaction": rule(
        "survey.sent"
    ),
    "rule 1: fields.to.agnt: no such field; did you mean 'agent'?": rule(
        "ticket.assigned", 'to = { agnt = "mia" }'
    ),
    "rule 1: fields.to: write { agent, team }": rule("ticket.assigned", 'to = "mia"'),
    "rule 1: fields: TicketPutOnHold needs waiting_for": rule("ticket.put_on_hold"),
    "rule 1: fields.waiting_for: Input should be 'customer', 'vendor', 'internal' or 'unknown'": (
        rule("ticket.put_on_hold", 'waiting_for = "custmer"')
    ),
    "rule 1.fields: there is no [tables.prio]": rule(
        "ticket.classified", 'priority = { column = "P", table = "prio" }'
    ),
    "rule 1: visibility: ticket.agent_replied must say public, internal or restricted": rule(
        "ticket.agent_replied", 'body = { column = "Text" }'
    ),
    "rule 1.when 1.colum: no such key here; did you mean 'column'?": rule(
        "ticket.closed", when='colum = "Status", is = "x"'
    ),
    "rule 1.when 1: write a column with is, not, was, was_not, changed, increased or present; "
    "or first": rule("ticket.closed", when='column = "Status"'),
    "company: give either column, or value for a log of one single company": (
        '[company]\ncolumn = "Account"\nvalue = "Acme"'
    ),
    "file: encoding: none is called 'utf-9'": '[file]\nencoding = "utf-9"',
    "file: encoding: utf-16 has no lines; convert the file to utf-8": (
        '[file]\nencoding = "utf-16"'
    ),
    "rest.keep: Contact is about a person, and what is kept here is not sealed; leave it out": (
        '[contact]\ncolumn = "Contact"\n[rest]\nkeep = ["Contact"]'
    ),
    "actor.kind: a contact acts only where [contact] names the same column": (
        '[actor]\ncolumn = "Sender"\nkind = "contact"'
    ),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_wrong_is_named_with_its_key_and_what_to_do(tmp_path: Path, said: str) -> None:
    assert complaint(tmp_path, WRONG[said]) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("UTC", "Rome", "time: no time zone is called 'Rome'; write one such as Europe/Rome"),
        (
            '"iso"\nzone = "UTC"', '"%Y-%m-%d"',
            "time: the format names no zone: say which one to assume, zone = …",
        ),
        ("iso", "%H:%M", "time: the format '%H:%M' has no day, month and year to read"),
    ],
)  # fmt: skip
def test_times_that_nobody_could_read_are_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert complaint(tmp_path, "", START.replace(old, new)) == said


def test_a_column_that_the_log_lacks_is_answered_with_those_it_has(tmp_path: Path) -> None:
    (tmp_path / "tickets.toml").write_text(START)
    (tmp_path / "tickets.csv").write_text("Tickets,Time\nT-1,2026-11-02T09:02\n")

    with pytest.raises(MappingError) as error:
        CsvLog(tmp_path / "tickets.csv", load_mapping(tmp_path / "tickets.toml"), Rejects())

    assert str(error.value) == (
        "mapping old-helpdesk: ticket.column: the log has no column 'Ticket'; "
        "did you mean 'Tickets'?\nits columns are: Tickets, Time"
    )


def test_a_log_without_a_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tickets.toml").write_text(START)
    (tmp_path / "tickets.csv").write_bytes(b"")

    with pytest.raises(MappingError, match="the first line must name the columns"):
        CsvLog(tmp_path / "tickets.csv", load_mapping(tmp_path / "tickets.toml"), Rejects())
