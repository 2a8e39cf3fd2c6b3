"""docker-compose.yml is what Compose takes, and says what the code does."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from services.catalogue import PROJECTIONS
from services.cli.commands import build
from services.config import PREFIX, Settings
from tests.composed import FILE, OTHERS, ROOT, commands, composed, ours

GIVEN: Final = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")
"""What must be given where it is started: ``${NAME:?why}``."""

SECRET: Final = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY$")
IN_URL: Final = re.compile(r"://[^:/@]+:(?P<password>[^@]*(?:\$\{[^}]*\})?[^@]*)@")
SETTINGS: Final = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def checked(file: Path) -> "subprocess.CompletedProcess[str]":
    """Check a file against the Compose specification, whose schema the package carries."""
    schema = ("--builtin-schema", "vendor.compose-spec")
    words = [str(Path(sys.executable).parent / "check-jsonschema"), *schema, str(file)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_it_is_what_the_compose_specification_takes() -> None:
    answer = checked(FILE)

    assert (answer.returncode, answer.stdout) == (0, "ok -- validation done\n")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("condition: service_healthy", "condition: service_healty"),
        ("    restart: unless-stopped", "    restarts: unless-stopped"),
        ("stop_grace_period: 60s", "stop_grace_period: [60s]"),
    ],
)
def test_the_check_finds_what_is_misspelt(tmp_path: Path, right: str, wrong: str) -> None:
    text = FILE.read_text()
    assert right in text
    (tmp_path / "wrong.yml").write_text(text.replace(right, wrong))

    assert checked(tmp_path / "wrong.yml").returncode == 1


def test_each_command_is_one_of_ours() -> None:
    app = build()

    for words in commands().values():
        app.parse_args(words, exit_on_error=False, print_error=False)


def test_each_projection_is_a_service_that_says_so_by_its_name() -> None:
    projectors = {name: words for name, words in commands().items() if "projector" in words}

    assert projectors == {f"projector-{name}": ["serve", "projector", name] for name in PROJECTIONS}
    assert {"api", "relay", "inbox", "watcher", "init"} == commands().keys() - projectors.keys()


@pytest.mark.parametrize("file", ["docker-compose.yml", "Dockerfile"])
def test_each_variable_of_ours_is_a_setting(file: str) -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", (ROOT / file).read_text()))

    assert named
    assert named <= SETTINGS


def test_no_secret_is_written_down() -> None:
    for where, value in values(composed()["services"]):
        name = where.rpartition(".")[2]
        assert not SECRET.search(name) or GIVEN.fullmatch(value), where
        for found in IN_URL.finditer(value):
            assert GIVEN.fullmatch(found["password"]), where


def values(node: Any, where: str = "services") -> Iterator[tuple[str, str]]:
    """Walk through all texts, each with the place it stands at."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from values(value, f"{where}.{name}")
    elif isinstance(node, list):
        for value in node:
            yield from values(value, where)
    else:
        yield where, str(node)


def test_whatever_is_waited_for_can_be_waited_for() -> None:
    services = composed()["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert services[other]["healthcheck"]["test"], (name, other)
            else:
                assert services[other]["restart"] == "no", (name, other)
    assert {*OTHERS, "api"} <= {name for name, found in services.items() if "healthcheck" in found}


def test_whatever_is_used_is_declared() -> None:
    whole = composed()
    for service in whole["services"].values():
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in whole["volumes"]
        for config in service.get("configs", []):
            assert config["source"] in whole["configs"]


def test_each_database_is_made() -> None:
    whole = composed()
    made = {whole["services"]["postgres"]["environment"]["POSTGRES_DB"]}
    made |= set(re.findall(r"CREATE DATABASE (\w+);", whole["configs"]["databases"]["content"]))

    for service in ours().values():
        urls = [value for value in service["environment"].values() if "postgresql://" in value]
        assert {url.rpartition("/")[2] for url in urls} == made


def test_nothing_is_reached_from_another_machine_unasked() -> None:
    for service in composed()["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_our_processes_have_no_rights_they_do_not_need() -> None:
    for name, service in ours().items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"], name
