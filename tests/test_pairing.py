"""A control store that was lost, or is another deployment's, is noticed before it does harm."""

import sqlite3
from pathlib import Path

import pytest

from services.config import Settings
from services.control import Control, Keyring
from services.deployment import Deployment
from services.pairing import KeysMissing
from tests import cli_words
from tests.cli_words import Longcase, cloud
from tests.reports import opened, registered

longcase, acme = cli_words.longcase, cli_words.acme

COMMANDS = [
    ("timeline", "acme"),
    ("replay", "acme"),
    ("report", "ticket.resolved", "T1"),
    ("projections", "rebuild", "all"),
    ("run", "--port", "0"),
    ("backup", "backup"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_runs_over_a_control_store_that_was_lost(
    command: tuple[str, ...], acme: Longcase, tmp_path: Path
) -> None:
    (tmp_path / "home" / "control.db").unlink()

    answer = acme(*command)

    assert answer.code == 4
    assert "holds none of the keys" in answer.error
    assert not (tmp_path / "backup").exists()


def test_the_doctor_says_it_and_its_backup_in_its_place_mends_it(
    acme: Longcase, tmp_path: Path
) -> None:
    before = acme("replay", "acme", "--json").json
    acme("backup", tmp_path / "backup")
    (tmp_path / "home" / "control.db").unlink()
    acme("timeline", "acme")

    (failed,) = [check for check in acme("doctor", "--json").json if check["state"] == "FAIL"]
    (tmp_path / "backup" / "control" / "database.db").rename(tmp_path / "home" / "control.db")

    assert failed["what"] == "keyring"
    assert "put the control store of a backup in its place" in failed["found"]
    assert acme("doctor").code == 0
    assert acme("replay", "acme", "--json").json == before


def test_the_doctor_counts_the_keys_that_an_older_control_store_lacks(
    acme: Longcase, tmp_path: Path
) -> None:
    acme("backup", tmp_path / "backup")
    acme("publish", stdin=cloud(
        "company.registered", "company/nordlicht", "n1", "2026-03-05T09:00:00Z", name="Nordlicht"
    ) + cloud(
        "ticket.opened", "ticket/N1", "n2", "2026-03-05T09:00:00Z", company="nordlicht", subject="?"
    ))  # fmt: skip
    assert acme("doctor").code == 0
    (tmp_path / "backup" / "control" / "database.db").rename(tmp_path / "home" / "control.db")

    assert acme("tickets", "nordlicht").code == 0
    (failed,) = [check for check in acme("doctor", "--json").json if check["state"] == "FAIL"]

    assert failed["found"].startswith("1 of the 3 keys that the newest texts are sealed with are")
    assert acme("doctor", "--give-up-texts").code == 0


def test_an_operator_may_go_on_without_the_old_texts(acme: Longcase, tmp_path: Path) -> None:
    (tmp_path / "home" / "control.db").unlink()

    assert acme("doctor", "--give-up-texts").code == 0

    assert "[erased]" in acme("replay", "acme").out


def test_the_control_store_of_another_deployment_is_refused(home: Path) -> None:
    ours, theirs = Settings(home=home / "ours"), Settings(home=home / "theirs")
    for settings in (ours, theirs):
        with Deployment(settings) as deployment:
            deployment.desk.record([registered(), opened()])

    crossed = Settings(home=home / "ours", control=theirs.control)

    with Deployment(crossed) as deployment, pytest.raises(KeysMissing, match="theirs"):
        _ = deployment.log


def test_everybody_erased_is_no_lost_control_store(acme: Longcase, tmp_path: Path) -> None:
    control = Control(f"sqlite:///{tmp_path}/home/control.db")
    subjects = [row[0] for row in control.database.execute("SELECT subject FROM keyring")]
    for subject in subjects:
        assert Keyring(control).destroy(subject)
    control.close()

    assert "[erased]" in acme("replay", "acme").out


def test_a_publisher_who_writes_what_looks_like_a_key_stops_nobody(longcase: Longcase) -> None:
    looks = f"sealed:1:{'A' * 22}:AAAA"
    longcase("publish", stdin=cloud(
        "company.registered", "company/acme", "1", "2026-11-02T08:00:00Z", name=looks
    ))  # fmt: skip

    assert looks in longcase("timeline", "acme").out


@pytest.mark.parametrize("damaged", [b"{", "{"], ids=["bytes", "text"])
def test_a_damaged_event_is_no_lost_control_store(
    acme: Longcase, tmp_path: Path, damaged: object
) -> None:
    with sqlite3.connect(tmp_path / "home" / "store.db") as store:
        store.execute("UPDATE stored_events SET state = ?", (damaged,))
    store.close()

    assert acme("tickets", "acme").code == 0
