"""Every command, as it is typed: what it prints, and how it ends."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from services.cli.commands import build
from services.cli.errors import CODES
from tests import cli_words
from tests.cli_words import Longcase, cloud, story

longcase, acme = cli_words.longcase, cli_words.acme

ROOT = Path(__file__).parent.parent


def commands(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, App]]:
    """Walk through every command and its own commands."""
    for name in app:
        if not name.startswith("-"):
            inner = app[name]
            yield " ".join((*path, name)), inner
            yield from commands(inner, (*path, name))


@pytest.mark.parametrize("name", [name for name, _ in commands(build())])
def test_every_command_and_every_parameter_has_help(name: str, longcase: Longcase) -> None:
    command = dict(commands(build()))[name]

    assert command.help, f"{name} is missing its help"
    for argument in (
        command.assemble_argument_collection(parse_docstring=True)
        if command.default_command
        else ()
    ):
        if argument.show:
            assert argument.parameter.help, f"{name}: {argument.name} is missing its help"
    assert longcase(*name.split(), "--help").code == 0


def test_every_error_that_has_an_exit_code_exists() -> None:
    for name in CODES:
        module, _, qualified = name.rpartition(".")
        kind = getattr(__import__(module, fromlist=[qualified]), qualified)
        assert issubclass(kind, BaseException)
        assert f"{kind.__module__}.{kind.__qualname__}" == name


def test_help_names_the_commands_quickly_without_what_they_need() -> None:
    script = "import sys; from services.cli import main; main(['--help']); print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert "timeline" in done.stdout
    loaded = set(done.stdout.splitlines()[-1].split())
    heavy = {"pydantic", "eventsourcing", "sqlite3", "structlog", "fastapi", "kafka", "asyncio"}
    assert not loaded & {*heavy, "services.deployment", "domain.events", "rich.markdown"}


class TestPublish:
    def test_says_of_each_line_what_became_of_it(self, longcase: Longcase) -> None:
        answer = longcase("publish", "--jsonl", stdin=story())

        assert answer.code == 0
        assert [line["status"] for line in answer.jsonl] == ["accepted"] * 8
        assert answer.jsonl[3] == {
            "line": 4, "status": "accepted", "stream_id": "ticket/TCK-1", "position": 4,
            "last_position": 4, "stream_version": 1, "event_id": answer.jsonl[3]["event_id"],
            "company_id": "acme",
        }  # fmt: skip
        assert "8 events: 8 accepted, 0 duplicate, 0 refused" in answer.err

    def test_a_second_time_records_nothing(self, acme: Longcase) -> None:
        answer = acme("publish", "--json", stdin=story())

        assert answer.code == 0
        assert {line["status"] for line in answer.json} == {"duplicate"}

    def test_a_contact_may_be_named_by_what_an_earlier_line_of_the_file_says(
        self, acme: Longcase
    ) -> None:
        assert acme("companies", "jan@acme.example", "--json").json[0]["company_id"] == "acme"

    def test_atomic_records_all_or_none(self, longcase: Longcase) -> None:
        good = cloud("company.registered", "company/a", "1", "2026-01-01T00:00:00Z", name="A")
        bad = cloud("ticket.resolved", "ticket/T-1", "2", "2026-01-01T00:00:00Z")

        answer = longcase("publish", "--atomic", "--jsonl", stdin=good + bad)

        assert answer.code == 3
        assert [line["code"] for line in answer.jsonl] == ["not-alone", "not-opened"]
        assert longcase("companies", "--json").json == []

    def test_reads_a_file_as_well_as_standard_input(
        self, longcase: Longcase, tmp_path: Path
    ) -> None:
        (tmp_path / "events.jsonl").write_bytes(story())

        assert longcase("publish", tmp_path / "events.jsonl").code == 0
        assert longcase("publish", "-", stdin=story()).code == 0


class TestReport:
    def test_records_a_note_by_hand_and_the_timeline_has_it(self, acme: Longcase) -> None:
        answer = acme(
            "report", "ticket.internal_note_added", "TCK-1", "note=Rang back",
            "--visibility", "internal", "--actor", "agent/tom",
        )  # fmt: skip

        assert answer.code == 0
        assert answer.out.startswith("accepted ticket/TCK-1 at position ")
        assert 'tom noted: "Rang back"' in acme("timeline", "acme").out

    def test_values_take_the_form_that_their_field_wants(self, acme: Longcase) -> None:
        assert acme("report", "ticket.assigned", "TCK-1", "to.agent=tom", "to.team=007").code == 0
        assert acme("report", "ticket.classified", "ticket/TCK-1", "severity=1",
                    "installation_ids=a", "installation_ids=b").code == 0  # fmt: skip
        assert acme("report", "contact.registered", "ana", "name=Ana", "emails=ana@acme.example",
                    'external_ids=[{"system": "crm", "id": "4711"}]').code == 0  # fmt: skip
        assert acme("report", "company.contact_affiliated", "acme", "vip=yes",
                    "contact_id=crm=4711").code == 0  # fmt: skip

        state = acme("replay", "TCK-1", "--json").json[-1]["state"]
        assert state["assignee"] == {"agent": "tom", "team": "007"}
        assert state["severity"] == 1
        assert state["installation_ids"] == ["a", "b"]

    def test_the_same_id_and_time_are_recorded_once(self, acme: Longcase) -> None:
        words = ("report", "ticket.closed", "TCK-1", "--id", "x", "--at", "2026-03-05T08:00Z")

        assert acme(*words, "--json").json["status"] == "accepted"
        assert acme(*words, "--json").json["status"] == "duplicate"

    def test_a_stream_that_moved_on_is_a_conflict(self, acme: Longcase) -> None:
        answer = acme("report", "ticket.closed", "TCK-1", "--expected-version", 1)

        assert answer.code == 3
        assert "is at version 5, not at the expected 1" in answer.error


class TestRead:
    def test_companies_are_listed_and_found(self, acme: Longcase) -> None:
        assert "Acme Broadcast" in acme("companies").out
        assert acme("companies", "acme.example", "--json").json[0]["matched"] == "domain"
        nobody = acme("companies", "nobody")
        assert (nobody.code, nobody.out) == (0, "")
        assert "no company matches 'nobody'" in nobody.err

    def test_tickets_of_a_company_by_status(self, acme: Longcase) -> None:
        assert "Frames dropped" in acme("tickets", "acme").out
        assert acme("tickets", "acme", "--status", "resolved", "--json").json[0]["severity"] == 2
        assert acme("tickets", "acme", "--status", "open", "--json").json == []

    def test_the_timeline_goes_forward_and_back_by_cursor(self, acme: Longcase) -> None:
        whole = [entry["position"] for entry in acme("timeline", "acme", "--jsonl").jsonl]
        first = acme("timeline", "acme", "--limit", 3, "--json").json
        second = acme("timeline", "acme", "--limit", 3, "--after", first["next"], "--json").json
        again = acme("timeline", "acme", "--limit", 3, "--before", second["prev"], "--json").json

        assert len(whole) == 7
        pages = [entry["position"] for page in (first, second) for entry in page["entries"]]
        assert pages == whole[:6]
        assert [entry["position"] for entry in again["entries"]] == whole[:3]
        assert "more: --after " in acme("timeline", "acme", "--limit", 3).err

    @pytest.mark.parametrize(
        ("asked", "types"),
        [
            ("--type ticket.opened --type ticket.resolved", ["opened", "resolved"]),
            ("--from 2026-03-02T08:41:00Z --to 2026-03-02T09:10:00Z",
             ["assigned", "customer_message_received"]),
            ("--as-of 2026-03-02T08:30:00Z --ticket TCK-1", ["opened"]),
            ("--known-at 4 --ticket TCK-1", ["opened"]),
            ("--known-at 2020-01-01", []),
            ("--actor agent/mia --visibility public", ["resolved"]),
            ("--contact jan --channel email --severity 2 --type ticket.opened", ["opened"]),
            ("--search codec", ["internal_note_added", "resolved"]),
            ("--order desc --limit 1", ["resolved"]),
        ],
    )  # fmt: skip
    def test_the_timeline_has_many_filters(
        self, acme: Longcase, asked: str, types: list[str]
    ) -> None:
        found = acme("timeline", "acme", "--jsonl", *asked.split()).jsonl

        assert [entry["type"].removeprefix("ticket.") for entry in found] == types

    def test_a_parent_is_shown_with_its_subsidiaries_where_it_is_rolled_up(
        self, acme: Longcase
    ) -> None:
        at = "2026-03-05T09:00:00Z"
        told = cloud("company.registered", "company/group", "g1", at, name="Media Group")
        told += cloud("company.parent_set", "company/acme", "g2", at, parent_company_id="group")
        assert acme("publish", stdin=told).code == 0

        assert "TCK-1" not in acme("tickets", "group").out
        assert "TCK-1" in acme("tickets", "group", "--roll-up").out
        alone, rolled = acme("timeline", "group"), acme("timeline", "group", "--roll-up")
        assert "Frames dropped" not in alone.out
        assert "Frames dropped" in rolled.out

    def test_a_limit_beyond_one_page_is_read_page_by_page(self, acme: Longcase) -> None:
        notes = b"".join(
            cloud("ticket.internal_note_added", "ticket/TCK-1", f"n{n}", "2026-03-03T08:00:00Z",
                  note=f"note {n}", visibility="internal")
            for n in range(250)
        )  # fmt: skip
        assert acme("publish", stdin=notes).code == 0

        down = acme("timeline", "acme", "--limit", 255, "--json").json
        up = acme("timeline", "acme", "--limit", 253, "--before", down["next"], "--json").json

        positions = [entry["position"] for entry in down["entries"]]
        assert len(set(positions)) == 255
        assert [entry["position"] for entry in up["entries"]] == positions[1:254]

    def test_a_replay_shows_each_step_and_the_state_after_it(self, acme: Longcase) -> None:
        text = acme("replay", "TCK-1").out
        steps = acme("replay", "ticket/TCK-1", "--jsonl").jsonl

        assert "     1  2026-03-02 08:30  Jan de Vries opened TCK-1" in text
        assert "open, severity 2, with mia / Support 2, 1 message, 1 note" in text
        assert [step["step"] for step in steps] == [1, 2, 3, 4, 5]
        assert acme("replay", "TCK-1", "--step", 5, "--json").json == steps[-1:]
        assert "status: open" in acme("replay", "TCK-1", "--step", 2).out
        assert len(acme("replay", "TCK-1", "--known-at", 5, "--json").json) == 2
        assert "1 of 1 tickets open" in acme("replay", "acme").out

    def test_a_diff_says_what_changed(self, acme: Longcase) -> None:
        by_time = acme("diff", "TCK-1", "2026-03-02T08:35Z", "2026-03-05")
        by_position = acme("diff", "TCK-1", 4, 6, "--json").json

        assert "Status: new → resolved." in by_time.out
        assert by_position["steps"] == [1, 3]
        assert acme("diff", "TCK-1", 4, 4).out == "Nothing changed.\n"
