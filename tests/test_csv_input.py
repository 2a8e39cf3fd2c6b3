"""Bad input: a row that cannot be read is named with its line, and costs no other."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.csvlogs import HEADER, MAPPING, of_tickets, opened, reported


def rejected(folder: Path, rows: str | bytes, header: str = HEADER) -> list[tuple[int, str]]:
    """List the line and the reason of what is rejected, while T-9 goes in."""
    good = "T-9,2/11/2026 09:00,mia,Acme,new,low\n"
    rows = rows + good.encode() if isinstance(rows, bytes) else rows + good
    tickets = of_tickets(reported(folder, rows, header=header))
    assert "ticket/T-9" in {report.stream_id for report in tickets}
    entries = [json.loads(line) for line in (folder / "rejects.jsonl").read_text().splitlines()]
    return [(entry["line"], entry["reason"]) for entry in entries]


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        ("T-1,2/11/2026 09:00,mia,Acme,new\n", 2, "5 fields where the header has 6"),
        ("T-1,2/11/2026 09:00,mia,Acme,new,1,2\n", 2, "7 fields where the header has 6"),
        (",2/11/2026 09:00,mia,Acme,new,1\n", 2, "Ticket: the row names no ticket"),
        ("T-1,?,mia,Acme,new,1\n", 2, "Time: the time is missing"),
        (
            "T-1,31/2/2026 09:00,mia,Acme,new,1\n", 2,
            "Time: '31/2/2026 09:00': day is out of range for month",
        ),
        (
            "T-1,yesterday,mia,Acme,new,1\n", 2,
            "Time: 'yesterday': it is not of the form %d/%m/%Y %H:%M",
        ),
        (
            "T-1,2/11/0001 09:00,mia,Acme,new,1\n", 2,
            "Time: '2/11/0001 09:00': the time lies before 1970",
        ),
        ("T-1,2/11/2026 09:00,mi\0a,Acme,new,1\n", 2, "the line holds a NUL character"),
        (
            'T-1,2/11/2026 09:00,mia,"Acme,new,1\n', 2,
            "broken quotes: unexpected end of data",
        ),
        (
            'T-1,2/11/2026 09:00,mia,"Ac"me,new,1\n', 2,
            "broken quotes: ',' expected after '\"'",
        ),
        (
            'T-1,2/11/2026 09:00,mia,"Ac\nme\nTV",new,1\nT-2\n', 5,
            "1 fields where the header has 6",
        ),
        (
            HEADER.encode() + b"T-1,2/11/2026 09:00,mia,M\xfcller,new,1\n", 2,
            "byte 26 is not utf-8; the mapping can name another: [file] encoding",
        ),
        ("T-1," + "x" * 10_000_000 + "\n", 2, "the line is longer than 1,048,576 bytes"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_costs_no_other(
    tmp_path: Path, rows: str | bytes, line: int, reason: str
) -> None:
    assert rejected(tmp_path, rows) == [(line, reason)]


def test_a_quote_that_another_row_closes_costs_that_row_only(tmp_path: Path) -> None:
    broken = 'T-1,2/11/2026 09:00,mia,"Acme,new,1\n'
    good = "T-2,2/11/2026 09:00,mia,Acme,new,1\n"
    quoted = 'T-3,2/11/2026 09:00,mia,"Acme",new,1\n'

    assert rejected(tmp_path, broken + good + quoted) == [
        (2, "broken quotes: ',' expected after '\"'")
    ]


def test_what_is_rejected_is_cut_to_a_kilobyte(tmp_path: Path) -> None:
    rejected(tmp_path, "T-1," + "x" * 10_000_000 + "\n")

    (entry,) = (tmp_path / "rejects.jsonl").read_text().splitlines()
    assert len(json.loads(entry)["raw"]) == 1_000


def test_a_packed_log_that_was_cut_gives_what_is_there(tmp_path: Path) -> None:
    rows = "".join(f"T-{n},2/11/2026 09:00,mia,Acme,new,{n}\n" for n in range(5_000))
    whole = gzip.compress((HEADER + rows).encode())

    log, rejects = opened(tmp_path, whole[: len(whole) // 2])
    with log, rejects:
        log.read()

    assert 1_000 < log.total < 9_000
    assert rejects.count == 1
    assert "the file cannot be read from this line on: Compressed file ended" in rejects.examples[0]


def test_other_encodings_and_delimiters_are_read_if_the_mapping_says_so(tmp_path: Path) -> None:
    mapping = MAPPING.replace("[file]", '[file]\nencoding = "cp1252"\ndelimiter = ";"')
    rows = (HEADER + "T-1,2/11/2026 09:00,mia,Müller & Söhne,new,1\n").replace(",", ";")

    company = reported(tmp_path, rows.encode("cp1252"), mapping)[0]

    assert company.stream_id == "company/muller-sohne-6d9a29bd"


@given(
    content=st.lists(st.sampled_from([*'T1,"\n\r?/: ', "é", "\0", "2/11/2026 09:00"])).map("".join)
)
def test_no_content_makes_it_fail_and_each_line_is_a_row_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log, rejects = opened(folder, content)
    with log, rejects:
        log.read()
        names = [report.source.external_id for report in of_tickets(log.reports())]

    if '"' not in content:
        rows = [name for name in names if "." not in name.rpartition(":")[2]]
        lines = [line for line in content.split("\n") if line.strip("\r")]
        assert len(rows) + rejects.count == len(lines)
