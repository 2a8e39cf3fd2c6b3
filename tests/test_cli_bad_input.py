"""Bad input: a clear message each, the exit code of the interface, and the rest goes in."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from services.sample import UCI
from tests import cli_words
from tests.cli_words import Longcase, cloud

longcase, acme = cli_words.longcase, cli_words.acme

ROOT = Path(__file__).parent.parent
NOON = "2026-03-05T12:00:00Z"


def note(id: str, text: object = "fine", time: str = NOON, **known: object) -> bytes:
    return cloud(
        "ticket.internal_note_added", "ticket/TCK-1", id, time,
        note=text, visibility="internal", **known,
    )  # fmt: skip


BAD_LINES = {
    "unknown type": (cloud("ticket.nonsense", "ticket/TCK-1", "x", NOON), "no event has the type"),
    "missing attribute": (b"{}\n", "type: Field required; source: Field required"),
    "missing field": (
        cloud("ticket.internal_note_added", "ticket/TCK-1", "x", NOON, visibility="internal"),
        "data.note: Field required",
    ),
    "unknown field": (note("x", colour="red"), "data.colour: Extra inputs are not permitted"),
    "wrong type": (note("x", 5), "data.note: Input should be a valid string"),
    "visibility not said": (
        cloud("ticket.agent_replied", "ticket/TCK-1", "x", NOON, body="Hello"),
        "visibility is missing: ticket.agent_replied must say public, internal or restricted",
    ),
    "NUL": (note("x", "a\0b"), "data.note: the NUL character cannot be stored; remove it"),
    "lone surrogate": (note("x").replace(b"fine", b"\\ud800"), "half a surrogate pair"),
    "wrong encoding": (note("x").replace(b"fine", b"caf\xe9"), "is not UTF-8; convert the file"),
    "month 13": (note("x", time="2026-13-05T12:00:00Z"), "month value is outside expected range"),
    "year 10,000": (note("x", time="9999-12-31T23:00:00-14:00"), "outside the years 1 to 9999"),
    "no time zone": (note("x", time="2026-03-05T12:00:00"), "should have timezone info"),
    "the future": (note("x", time="2099-01-01T00:00:00Z"), "more than 5 minutes ahead"),
    "a number for a time": (
        note("x").replace(f'"{NOON}"'.encode(), b"1772712000"), "a time is written as RFC 3339",
    ),
    "10 MB line": (note("x", "x" * 10_000_000), "an event has at most 262,144"),
    "truncated JSON": (note("x")[:-9] + b"\n", "Invalid JSON: EOF while parsing"),
    "not JSON": (b"hello\n", "Invalid JSON"),
    "a list": (b"[" + note("x").strip() + b"]\n", "write each event on a line of its own"),
    "very deep": (b'{"a":' * 40_000 + b"\n", "recursion limit exceeded"),
    "a field said twice": (
        note("x").replace(b'"source"', b'"id":"y","source"'), "id: said twice in one object",
    ),
    "a number beyond 64 bits": (
        note("x", expectedversion=7).replace(b":7", b":" + b"9" * 30), "expectedversion: Input",
    ),
    "other stream": (
        cloud("ticket.resolved", "company/acme", "x", NOON), "stands in a stream ticket/…",
    ),
    "unknown company": (
        cloud("ticket.opened", "ticket/TCK-9", "x", NOON, company="nobody"),
        "no company nobody is registered",
    ),
    "other content under the same id": (
        cloud("ticket.resolved", "ticket/TCK-1", "t5", NOON), "before with other content",
    ),
    "a rule forbids it": (
        cloud("ticket.resolved", "ticket/TCK-9", "x", NOON), "report ticket.opened first",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_refused_by_number_and_the_rest_goes_in(
    acme: Longcase, tmp_path: Path, name: str
) -> None:
    line, reason = BAD_LINES[name]
    rejects = tmp_path / "rejects.jsonl"

    answer = acme(
        "publish", "--jsonl", "--rejects", rejects, stdin=note("1") + b"\n" + line + note("2")
    )

    assert answer.code == 3
    assert [(told["line"], told["status"]) for told in answer.jsonl] == [
        (1, "accepted"), (3, "refused"), (4, "accepted"),
    ]  # fmt: skip
    assert reason in answer.jsonl[1]["reason"]
    (kept,) = map(orjson.loads, rejects.read_bytes().splitlines())
    assert (kept["line"], kept["reason"]) == (3, answer.jsonl[1]["reason"])
    assert ("event" in kept) != ("raw" in kept)
    assert len(rejects.read_bytes()) < 2_500
    assert acme("timeline", "acme", "--search", "fine", "--jsonl").out.count("\n") == 2


def test_what_was_rejected_can_be_mended_and_published_again(
    acme: Longcase, tmp_path: Path
) -> None:
    line = cloud("ticket.agent_replied", "ticket/TCK-1", "x", NOON, body="Hello")
    acme("publish", "--rejects", tmp_path / "rejects", stdin=line)

    event = json.loads((tmp_path / "rejects").read_text())["event"]
    mended = orjson.dumps({**event, "visibility": "public"})

    assert acme("publish", stdin=mended).code == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (gzip.compress(note("1"), mtime=0), "is packed with gzip; unpack it: gunzip -c"),
        (note("1").decode().encode("utf-16"), "is UTF-16; convert it: iconv"),
    ],
)
def test_a_file_in_another_form_is_refused_with_the_line_that_converts_it(
    acme: Longcase, content: bytes, told: str
) -> None:
    answer = acme("publish", stdin=content)

    assert (answer.code, told in answer.error) == (2, True)


def test_a_byte_order_mark_and_a_missing_last_newline_do_no_harm(acme: Longcase) -> None:
    assert acme("publish", stdin=b"\xef\xbb\xbf" + note("1").rstrip(b"\n")).code == 0


def test_the_file_that_is_read_is_never_overwritten(acme: Longcase, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(note("1"))

    assert acme("publish", path, "--rejects", path).code == 2
    assert path.read_bytes() == note("1")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    script = f"ulimit -v {1 << 20}; exec '{sys.executable}' -m services.cli publish -"
    environment = {**os.environ, "LONGCASE_HOME": str(tmp_path)}
    with subprocess.Popen(
        ["sh", "-c", script], cwd=ROOT, env=environment, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        for _ in range(1_500):
            process.stdin.write(b"x" * (1 << 20))  # one line of 1.5 GB
        process.stdin.write(b"\n" + cloud("contact.registered", "contact/a", "1", NOON, name="A"))
        _, said = process.communicate()

    assert b"2 events: 1 accepted, 0 duplicate, 1 refused" in said


@pytest.mark.parametrize(
    ("typed", "code", "told"),
    [
        ("", 0, None),
        ("nope", 2, 'Unknown command "nope"'),
        ("timeline", 2, "longcase timeline needs COMPANY; see longcase timeline --help"),
        ("timeline acme else", 2, "'else' is more than longcase timeline takes"),
        ("timeline acme --nope", 2, "Unknown option: --nope"),
        ("timeline acme --jsn", 2, "Unknown option: --jsn. Did you mean --json?; see"),
        ("projections verify timeline --hold", 2, "Unknown option: --hold; see longcase"),
        ("timeline acme --json --jsonl", 2, "choose one of them"),
        ("timeline acme --limit 0", 2, "Must be >= 1"),
        ("timeline acme --limit many", 2, "'many' is no whole number"),
        ("timeline acme --severity 7", 2, "Choose from"),
        ("timeline acme --from yesterday", 2, "'yesterday' is not a time; write 2026-"),
        ("timeline acme --from 2026-03-02T09:00", 2, "names no time zone; write 2026-03-02T09:00Z"),
        ("timeline acme --from 2026-03-03 --to 2026-03-02", 2, "--from is later than --to"),
        ("timeline acme --known-at 9999999999999999999", 2, "is beyond every position"),
        ("timeline acme --type ticket.nonsense", 3, "no event has the type"),
        ("timeline acme --after x", 3, "this is not a cursor"),
        ("timeline acme --after -x", 3, "this is not a cursor"),
        ("timeline acme --before -x", 3, "this is not a cursor"),
        ("timeline acme --after a --before b", 3, "give one of them"),
        ("timeline acme --follow --json", 2, "--follow"),
        ("timeline nobody", 3, "no company nobody is registered"),
        ("tickets acme --status lost", 2, "Choose from"),
        ("replay nobody", 3, "nobody"),
        ("replay TCK-1 --step 99", 3, "99"),
        ("diff TCK-9 1 2", 3, "no ticket and no company has the id TCK-9"),
        ("diff TCK-1 5 4", 2, "FROM is later than TO"),
        ("diff TCK-1 1 2026-01-01", 2, "two times or two positions"),
        ("export nobody out", 3, "no company nobody is registered"),
        ("publish missing.jsonl", 2, "missing.jsonl: No such file or directory"),
        ("import missing.csv --mapping servicenow-uci498", 2, "missing.csv: No such file"),
        ("import missing.csv", 2, "say what the columns mean"),
        ("restore missing", 3, "missing holds no backup"),
        ("report ticket.agent_repliet TCK-1", 3, "did you mean ticket.agent_replied?"),
        ("report ticket.resolved TCK-1 hello", 2, "'hello' is not field=value"),
        ("report ticket.internal_note_added TCK-1 note=x", 3, "add --visibility"),
        ("report ticket.internal_note_added TCK-1 --visibility internal", 3, "note (needed)"),
        ("report ticket.assigned TCK-1 to=x to.agent=y", 2, "to has a value already"),
        ("report ticket.resolved TCK-1 --at now", 2, "'now' is not a time"),
        ("projections rebuild nope", 2, "there are timeline, directory, tickets, dossier, and all"),
        ("keys create mia", 2, "longcase keys create needs --role"),
        ("keys revoke nobody", 3, "no valid key is called nobody"),
        ("serve projector nope", 2, "set LONGCASE_KAFKA"),
        ("run --port 99999", 2, "Must be <= 65535"),
    ],
)
def test_what_is_typed_wrong_is_told_in_one_line(
    acme: Longcase, typed: str, code: int, told: str | None
) -> None:
    answer = acme(*typed.split())

    assert answer.code == code
    assert told is None or told in answer.error


def test_a_cursor_that_was_tampered_with_is_refused(acme: Longcase) -> None:
    cursor = acme("timeline", "acme", "--limit", 1, "--json").json["next"]
    other = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")

    changed = acme("timeline", "acme", "--after", other)
    elsewhere = acme("timeline", "acme", "--after", cursor, "--type", "ticket.opened")

    assert (changed.code, elsewhere.code) == (3, 3)
    assert "cursor" in changed.error
    assert "cursor" in elsewhere.error


def test_rows_of_a_log_with_broken_quotes_or_encoding_are_left_out(
    longcase: Longcase, tmp_path: Path
) -> None:
    lines = gzip.decompress(UCI.read_bytes()).splitlines(keepends=True)[:30]
    lines[3] = lines[3].replace(b",", b',"', 1)
    lines[7] = lines[7].replace(b"Caller", b"C\xe4ller", 1)
    (tmp_path / "log.csv").write_bytes(b"".join(lines))

    answer = longcase(
        "import", tmp_path / "log.csv", "--mapping", "servicenow-uci498",
        "--rejects", tmp_path / "rejects", "--json",
    )  # fmt: skip

    assert answer.code == 3
    assert answer.json["rejected"] == 2
    kept = [orjson.loads(line) for line in (tmp_path / "rejects").read_bytes().splitlines()]
    assert {entry["line"] for entry in kept} == {4, 8}
    assert "line 4: broken quotes" in answer.err
    assert "line 8: byte" in answer.err
    assert "2 rows or events were left out" in answer.err


@pytest.mark.parametrize(
    ("setting", "code", "told"),
    [
        ("PORT=many", 2, "the setting LONGCASE_PORT is wrong"),
        ("STORE=mysql://host/db", 2, "write sqlite:///path or postgresql://"),
        ("STORE=sqlite:////proc/none/store.db", 4, "/proc/none"),
        ("READ_MODELS=postgresql://u:secret@127.0.0.1:1/db", 4, "Connection refused"),
    ],
)
def test_a_setting_that_is_wrong_or_leads_nowhere(
    longcase: Longcase, monkeypatch: pytest.MonkeyPatch, setting: str, code: int, told: str
) -> None:
    name, value = setting.split("=")
    monkeypatch.setenv(f"LONGCASE_{name}", value)

    answer = longcase("companies")

    assert answer.code == code
    assert told in answer.error
    assert "secret" not in answer.error


def test_a_database_that_is_none_is_told(acme: Longcase, tmp_path: Path) -> None:
    (tmp_path / "home" / "read-models.db").write_bytes(b"not a database at all" * 99)

    answer = acme("companies")

    assert answer.code == 4
    assert "longcase doctor says which one and why" in answer.error


@pytest.mark.parametrize("number", ["1.5", "0.9", "1e1", "NaN", "one", "", "²"])
@pytest.mark.parametrize(
    "typed",
    [
        ("handoff", "TCK-1", "--step"), ("replay", "TCK-1", "--step"),
        ("timeline", "acme", "--limit"), ("timeline", "acme", "--severity"),
        ("companies", "--limit"), ("tickets", "acme", "--limit"),
    ],
)  # fmt: skip
def test_a_number_that_is_not_whole_is_refused_and_not_rounded(
    acme: Longcase, typed: tuple[str, ...], number: str
) -> None:
    answer = acme(*typed, number)

    assert answer.code == 2
    assert typed[-1] in answer.error
