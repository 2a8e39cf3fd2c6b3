"""A backup is for its owner alone; a restore is whole, or has changed nothing."""

import os
import shutil
import stat
from pathlib import Path

import orjson
import psycopg
import pytest

from services.control import Control, Keyring
from tests import cli_words
from tests.cli_words import Answer, Longcase, cloud

longcase = cli_words.longcase

TEXT = "Playout drops frames"


@pytest.fixture
def backup(longcase: Longcase, tmp_path: Path) -> Path:
    """A backup of one company with one ticket; the home it was taken of is gone."""
    _record(longcase)
    assert longcase("backup", tmp_path / "backup").code == 0
    shutil.rmtree(tmp_path / "home")
    return tmp_path / "backup"


def _record(longcase: Longcase) -> None:
    lines = [
        cloud("company.registered", "company/acme", "1", "2026-11-02T08:00:00Z", name="Acme"),
        cloud(
            "ticket.opened", "ticket/T1", "2", "2026-11-02T09:00:00Z", company="acme", subject=TEXT
        ),
    ]
    assert longcase("publish", stdin=b"\n".join(lines)).code == 0


def _is_there(timeline: Answer) -> bool:
    return timeline.code == 0 and TEXT in timeline.out


def test_nobody_else_may_read_a_backup(backup: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in backup.rglob("*")}

    assert modes.pop("events") == modes.pop("control") == 0o700
    assert modes.pop("manifest.json") & 0o044  # it holds digests alone
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("command", [("backup",), ("export", "acme")], ids="".join)
def test_a_home_that_was_mistyped_is_neither_made_nor_copied(
    command: tuple[str, ...], longcase: Longcase, tmp_path: Path
) -> None:
    refused = longcase(*command, tmp_path / "out")

    store = tmp_path / "home" / "store.db"
    assert (refused.code, refused.error) == (
        3,
        f"nothing is recorded in sqlite:///{store}; check LONGCASE_HOME",
    )
    assert list(tmp_path.iterdir()) == []

    longcase("doctor", "--init")
    assert longcase(*command, tmp_path / "out").code == 3


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_what_is_copied_would_outlive_a_power_cut(
    command: str, longcase: Longcase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _record(longcase)
    if command == "restore":
        assert longcase("backup", tmp_path / "backup").code == 0
        shutil.rmtree(tmp_path / "home")
    synced = set[str]()
    sync = os.fsync

    def fsync(opened: int) -> None:
        sync(opened)
        synced.add(str(Path(f"/proc/self/fd/{opened}").readlink()).removeprefix(f"{tmp_path}/"))

    monkeypatch.setattr(os, "fsync", fsync)
    assert longcase(command, tmp_path / "backup").code == 0

    parts = ["", "/events", "/control", "/events/database.db", "/control/database.db"]
    assert (
        synced
        >= {
            "backup": {f"backup{part}" for part in (*parts, "/manifest.json")},
            "restore": {"home", "home/store.db.restoring", "home/control.db.restoring"},
        }[command]
    )


@pytest.mark.parametrize("left", ["control.db", "read-models.db", "store.db-wal"])
def test_what_was_left_behind_is_never_mixed_with_a_backup(
    backup: Path, left: str, longcase: Longcase, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / left).write_bytes(b"")

    refused = longcase("restore", backup)

    assert (refused.code, refused.error) == (
        3,
        f"{home / left} exists; restore into an empty home (LONGCASE_HOME)",
    )
    assert [path.name for path in home.iterdir()] == [left]

    (home / left).unlink()
    assert longcase("restore", backup).code == 0
    assert _is_there(longcase("timeline", "acme"))


def test_a_list_of_erasures_that_cannot_be_read_stops_a_restore(
    backup: Path, longcase: Longcase, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "erasures.jsonl").write_text('{"subject": "company/acme"}\n{"subj')

    refused = longcase("restore", backup)

    assert refused.code == 3
    assert "the list of erasures, cannot be read" in refused.error
    assert [path.name for path in home.iterdir()] == ["erasures.jsonl"]

    (home / "erasures.jsonl").write_text('{"subject": "company/acme"}\n')
    assert "1 erased again" in longcase("restore", backup).out
    assert "[erased]" in longcase("timeline", "acme").out


@pytest.mark.parametrize("manifest", [[], {}, {"format": "longcase-export-1", "files": {}}])
def test_a_folder_of_something_else_is_no_backup(
    manifest: object, longcase: Longcase, tmp_path: Path
) -> None:
    (tmp_path / "manifest.json").write_bytes(orjson.dumps(manifest))

    refused = longcase("restore", tmp_path)

    assert (refused.code, refused.error) == (
        3,
        f"{tmp_path} holds no backup: its manifest.json is of something else",
    )


@pytest.fixture
def on_postgresql(postgres: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """All three databases in one of PostgreSQL."""
    for name in ("STORE", "READ_MODELS", "CONTROL"):
        monkeypatch.setenv(f"LONGCASE_{name}", postgres)
    return postgres


@pytest.mark.broker
def test_a_backup_of_postgresql_is_restored_into_an_empty_database(
    longcase: Longcase, on_postgresql: str, tmp_path: Path
) -> None:
    _record(longcase)
    assert "backed up to position 2 in" in longcase("backup", tmp_path / "backup").out
    assert "the event store is not empty" in longcase("restore", tmp_path / "backup").error
    with psycopg.connect(on_postgresql) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    assert longcase("restore", tmp_path / "backup").code == 0

    assert _is_there(longcase("timeline", "acme"))
    assert longcase("projections", "verify", "all").code == 0
    again = longcase("report", "ticket.resolved", "ticket/T1", "--json").json
    assert again["position"] > 2


@pytest.mark.broker
def test_a_backup_from_before_a_table_was_added_is_restored(
    longcase: Longcase, on_postgresql: str, tmp_path: Path
) -> None:
    _record(longcase)
    assert longcase("backup", tmp_path / "backup").code == 0
    (tmp_path / "backup" / "control" / "skips.copy").unlink()
    (tmp_path / "backup" / "control" / "control_version.copy").write_bytes(b"2\n")
    manifest = orjson.loads((tmp_path / "backup" / "manifest.json").read_bytes())
    del manifest["sha256"]["control/skips.copy"], manifest["sha256"]["control/control_version.copy"]
    (tmp_path / "backup" / "manifest.json").write_bytes(orjson.dumps(manifest))
    with psycopg.connect(on_postgresql) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    assert longcase("restore", tmp_path / "backup").code == 0

    assert _is_there(longcase("timeline", "acme"))


@pytest.mark.broker
def test_a_control_store_in_use_is_not_replaced(
    longcase: Longcase, on_postgresql: str, tmp_path: Path
) -> None:
    _record(longcase)
    assert longcase("backup", tmp_path / "backup").code == 0
    with psycopg.connect(on_postgresql) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    control = Control(on_postgresql)
    key = Keyring(control).key_of("company/other")

    assert "the control store is not empty" in longcase("restore", tmp_path / "backup").error

    assert Keyring(control).key_of("company/other") == key
    control.close()


@pytest.mark.broker
def test_events_in_postgresql_are_restored_beside_a_control_store_in_a_file(
    longcase: Longcase, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGCASE_STORE", postgres)
    _record(longcase)
    assert longcase("backup", tmp_path / "backup").code == 0
    shutil.rmtree(tmp_path / "home")
    with psycopg.connect(postgres) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    assert longcase("restore", tmp_path / "backup").code == 0

    assert _is_there(longcase("timeline", "acme"))
