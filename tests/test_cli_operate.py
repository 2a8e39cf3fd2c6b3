"""Importing, exporting, keeping and running it, as it is typed."""

import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from services.sample import UCI
from tests import cli_words
from tests.cli_words import ROOT, Longcase, cloud, started

longcase, acme = cli_words.longcase, cli_words.acme


class TestImport:
    @pytest.mark.slow
    def test_a_log_by_its_mapping_and_again_adds_nothing(self, longcase: Longcase) -> None:
        looked = longcase("import", UCI, "--mapping", "servicenow-uci498", "--dry-run", "--json")
        first = longcase("import", UCI, "--mapping", "servicenow-uci498", "--json")
        again = longcase("import", UCI, "--mapping", "servicenow-uci498")

        assert looked.json["by_type"]["ticket.opened"] == 979
        assert first.json["recorded"] == looked.json["total"]
        assert f"0 events recorded, {looked.json['total']:,} were there before" in again.out
        assert "6,097 rows of 979 tickets" in again.err
        assert len(longcase("tickets", "location-135", "--json").json) >= 170

    def test_an_archive_needs_no_mapping(self, longcase: Longcase, tmp_path: Path) -> None:
        said = {"author": "ana", "authorAssociation": "NONE", "createdAt": "2026-01-05T10:00:00Z"}
        thread = {**said, "number": 1, "title": "It stops", "body": "At two", "comments": []}
        archive = {"repo": "a/b", "issues": [thread], "pulls": []}
        (tmp_path / "archive.json").write_text(json.dumps(archive))

        answer = longcase("import", tmp_path / "archive.json", "--format", "github-archive")

        assert answer.code == 0
        assert "It stops" in longcase("timeline", "a.b").out


class TestKeep:
    def test_export_writes_the_history_and_what_is_complete(
        self, acme: Longcase, tmp_path: Path
    ) -> None:
        answer = acme("export", "acme", tmp_path / "out", "--json")

        assert answer.json["count"] == 7
        lines = (tmp_path / "out" / "opened.jsonl").read_text().splitlines()
        assert "Each night at two." in lines[4]
        assert acme("export", "acme", tmp_path / "out").error.endswith("choose an empty folder")

    def test_nobody_else_may_read_a_database_even_in_a_home_open_to_all(
        self, longcase: Longcase, tmp_path: Path
    ) -> None:
        (tmp_path / "home").mkdir(mode=0o755)

        longcase("publish", stdin=cli_words.story())

        databases = sorted((tmp_path / "home").glob("*.db"))
        assert [path.name for path in databases] == ["control.db", "read-models.db", "store.db"]
        assert {path.stat().st_mode & 0o777 for path in databases} == {0o600}

    def test_databases_of_before_are_closed_to_others_when_they_are_opened(
        self, acme: Longcase, tmp_path: Path
    ) -> None:
        held = [sqlite3.connect(path) for path in (tmp_path / "home").glob("*.db")]
        for database in held:
            database.execute("SELECT * FROM sqlite_master").fetchall()  # -wal and -shm stay
        files = list((tmp_path / "home").glob("*.db*"))
        for path in files:
            path.chmod(0o644)

        acme("timeline", "acme")

        assert {path.suffix for path in files} == {".db", ".db-shm", ".db-wal"}
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        for database in held:
            database.close()

    def test_a_backup_is_restored_into_an_empty_home(
        self, acme: Longcase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = acme("replay", "acme", "--json").json
        assert acme("backup", tmp_path / "backup").code == 0
        assert acme("backup", tmp_path / "backup").code == 3
        assert acme("restore", tmp_path / "backup").code == 3

        monkeypatch.setenv("LONGCASE_HOME", str(tmp_path / "other"))
        assert acme("restore", tmp_path / "backup").code == 0

        assert acme("replay", "acme", "--json").json == before
        (tmp_path / "backup" / "events" / "database.db").write_bytes(b"else")
        assert "changed since the backup" in acme("restore", tmp_path / "backup").error

    def test_keys_are_made_listed_and_revoked(self, longcase: Longcase) -> None:
        made = longcase(
            "keys", "create", "mia", "--role", "agent", "--company", "acme", "--days", 2
        )
        assert re.fullmatch(r"lc_[0-9a-f]{8}_[A-Za-z0-9_-]{43}\n", made.out)
        (listed,) = longcase("keys", "list", "--json").json
        assert (listed["name"], listed["companies"], listed["state"]) == ("mia", ["acme"], "valid")
        assert made.out.strip() not in longcase("keys", "list", "--json").out

        assert longcase("keys", "revoke", made.out.strip()).out == "revoked 1 key\n"
        assert longcase("keys", "revoke", "mia").code == 3
        assert longcase("keys", "create", "x", "--role", "customer").code == 2

    def test_projections_are_shown_built_anew_and_verified(self, acme: Longcase) -> None:
        shown = acme("projections", "status", "--json").json
        assert {p["name"]: p["lag_events"] for p in shown} == {
            "timeline": 0, "directory": 0, "tickets": 0, "dossier": 0,
        }  # fmt: skip
        assert acme("projections", "rebuild", "all").out.count("is built anew") == 4
        assert acme("projections", "verify", "timeline", "--json").json["agrees"]

    def test_a_read_model_that_was_changed_does_not_verify(
        self, acme: Longcase, tmp_path: Path
    ) -> None:
        with sqlite3.connect(tmp_path / "home" / "read-models.db") as database:
            database.execute("DELETE FROM tickets_states_1")
        database.close()

        answer = acme("projections", "verify", "all")

        assert answer.code == 1
        assert "tickets at position 8 DIFFERS" in answer.out
        assert "longcase projections rebuild tickets" in answer.err

    def test_a_projection_that_is_held_is_promoted_and_rolled_back(self, acme: Longcase) -> None:
        held = acme("projections", "rebuild", "timeline", "--hold")
        assert held.code == 0
        assert "longcase projections promote timeline" in held.err

        assert acme("projections", "promote", "timeline", "--json").json["timeline"]["is_live"]
        assert "as it was before" in acme("projections", "rollback", "timeline").out
        assert acme("projections", "promote", "timeline").code == 3
        assert acme("projections", "verify", "all").code == 0

    def test_a_paused_projection_waits_and_the_others_go_on(self, acme: Longcase) -> None:
        assert acme("projections", "pause", "tickets").out == "tickets is paused\n"
        assert acme("projections", "pause", "tickets").out == "tickets was paused already\n"
        note = ("ticket.internal_note_added", "TCK-1", "note=Meanwhile")
        noted = acme("report", *note, "--visibility", "internal")
        assert noted.code == 0

        shown = {p["name"]: p for p in acme("projections", "status", "--json").json}
        assert (shown["tickets"]["state"], shown["tickets"]["lag_events"]) == ("paused", 1)
        assert (shown["timeline"]["state"], shown["timeline"]["lag_events"]) == ("running", 0)

        assert acme("projections", "resume", "tickets").out == "tickets goes on\n"
        assert acme("projections", "verify", "tickets").code == 0

    def test_a_parked_event_is_listed_and_left_out_with_a_reason(
        self, acme: Longcase, tmp_path: Path
    ) -> None:
        with sqlite3.connect(tmp_path / "home" / "store.db") as store:
            store.execute("UPDATE stored_events SET state = '{' WHERE rowid = 6")
        store.close()
        assert acme("projections", "parked").err == "nothing is parked\n"

        assert acme("projections", "rebuild", "timeline").code == 1
        assert acme("projections", "promote", "timeline").code == 0
        waiting = acme("projections", "parked", "timeline", "--json").json
        assert [each["position"] for each in waiting] == [6, 7, 8]
        assert waiting[0]["reason"].startswith("InvalidReport: stored ticket.")
        [shown] = [p for p in acme("projections", "status", "--json").json if p["parked"]]
        assert (shown["name"], shown["state"], shown["parked"]) == ("timeline", "degraded", 3)
        assert acme("projections", "retry", "timeline").code == 1

        behind = acme("projections", "skip", "timeline", 7, "--reason", "why not")
        assert "only waits for position 6" in behind.error
        empty = acme("projections", "skip", "timeline", 6, "--reason", " ")
        assert "cannot be empty" in empty.error
        skipped = acme("projections", "skip", "timeline", 6, "--reason", "broken disk")
        assert skipped.code == 0
        assert "position 6 is left out of timeline: broken disk" in skipped.out
        assert acme("projections", "parked", "--json").json == []
        assert (
            "is not parked" in acme("projections", "skip", "timeline", 6, "--reason", "again").error
        )
        assert acme("projections", "verify", "timeline").code == 0

    def test_settings_are_shown_with_their_origin_and_without_passwords(
        self, longcase: Longcase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LONGCASE_STORE", "postgresql://u:secret@host/db")
        shown = {s["setting"]: s for s in longcase("config", "show", "--json").json}

        assert shown["LONGCASE_STORE"]["value"] == "postgresql://u:***@host/db"
        assert shown["LONGCASE_STORE"]["origin"] == "environment LONGCASE_STORE"
        assert shown["LONGCASE_PORT"]["origin"] == "default"
        assert all(setting["description"] for setting in shown.values())


class TestDoctor:
    def test_an_empty_home_is_in_order_and_stays_empty(
        self, longcase: Longcase, tmp_path: Path
    ) -> None:
        assert longcase("doctor").code == 0
        assert not (tmp_path / "home").exists()

        assert longcase("doctor", "--init").code == 0
        assert (tmp_path / "home" / "store.db").exists()

    def test_says_what_is_broken_and_what_to_do(self, acme: Longcase, tmp_path: Path) -> None:
        (tmp_path / "home" / "control.db").unlink()
        (tmp_path / "home" / "read-models.db").write_bytes(b"no database at all")
        (tmp_path / "home").chmod(0o755)

        answer = acme("doctor", "--json")

        assert answer.code == 1
        found = {check["what"]: check for check in answer.json}
        assert "restore it from a backup" in found["control"]["found"]
        assert "check LONGCASE_READ_MODELS" in found["read models"]["found"]
        assert (found["home"]["state"], found["SQLite FTS5"]["state"]) == ("warn", "ok")


class TestRun:
    @pytest.mark.slow
    def test_run_serves_prints_a_sign_in_link_and_ends_with_ctrl_c(self, tmp_path: Path) -> None:
        with started(tmp_path, "run", "--port", "0") as process:
            assert process.stdout
            printed = [process.stdout.readline() for _ in range(3)]
            link = printed[2].split()[-1]
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            page = browser.open(link, timeout=20)
            taken = link.split(":")[2].split("/")[0]
            with started(tmp_path, "run", "--port", taken) as second:
                _, problem = second.communicate(timeout=30)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)

        assert page.status == 200
        assert process.returncode == 0
        assert said == "stopped; everything is kept\n"
        assert second.returncode == 4
        assert problem.startswith(f"error: port {taken} of 127.0.0.1 is in use")

    def test_processes_of_later_versions_say_so(self, longcase: Longcase) -> None:
        answer = longcase("serve", "mcp")

        assert answer.code == 2
        assert "comes with a later version" in answer.error

    def test_distributed_processes_ask_for_kafka(self, longcase: Longcase) -> None:
        for words in (("relay",), ("projector", "timeline"), ("inbox",)):
            answer = longcase("serve", *words)
            assert (answer.code, "LONGCASE_KAFKA" in answer.error) == (2, True)


@pytest.mark.slow
class TestPrinted:
    def test_follow_shows_what_comes_until_ctrl_c(self, acme: Longcase, tmp_path: Path) -> None:
        with started(tmp_path / "home", "timeline", "acme", "--follow", "--jsonl") as process:
            assert process.stdout
            assert process.stderr
            assert "following acme" in process.stderr.readline()
            acme("report", "ticket.closed", "TCK-1")
            entry = json.loads(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            process.wait(30)

        assert entry["type"] == "ticket.closed"
        assert process.returncode == 130

    def test_a_pipe_that_closes_ends_it_quietly(self, acme: Longcase, tmp_path: Path) -> None:
        many = b"".join(
            cloud("ticket.internal_note_added", "ticket/TCK-1", f"n{n}", "2026-03-03T08:00:00Z",
                  note="x" * 5_000, visibility="internal")
            for n in range(60)
        )  # fmt: skip
        assert acme("publish", stdin=many).code == 0
        with started(tmp_path / "home", "timeline", "acme", "--jsonl", "--limit", "60") as process:
            assert process.stdout
            assert process.stderr
            process.stdout.readline()
            process.stdout.close()
            said = process.stderr.read()
            process.wait(30)
            process.stdout = None

        assert (process.returncode, said) == (141, "")

    @pytest.mark.parametrize("colours", [True, False])
    def test_a_terminal_gets_a_table(self, acme: Longcase, tmp_path: Path, colours: bool) -> None:
        primary, secondary = pty.openpty()
        environment = {**os.environ, "LONGCASE_HOME": str(tmp_path / "home"), "TERM": "xterm"}
        environment.pop("NO_COLOR", None)
        if not colours:
            environment["NO_COLOR"] = "1"
        subprocess.run(
            [sys.executable, "-m", "services.cli", "tickets", "acme"],
            cwd=ROOT, env=environment, stdout=secondary, stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        os.close(secondary)
        printed = os.read(primary, 10_000).decode()
        os.close(primary)

        assert "Frames dropped" in printed
        assert "TCK-1" in printed
        assert "\x1b[3" not in printed or colours
