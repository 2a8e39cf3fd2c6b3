"""What the README shows is what happens."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_the_first_story_goes_as_told(tmp_path: Path) -> None:
    (tmp_path / "first.jsonl").write_text(blocks("json")[0], encoding="utf-8")
    binaries = tmp_path / "bin"
    binaries.mkdir()
    command = binaries / "longcase"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m services.cli "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "LONGCASE_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    checker = doctest.OutputChecker()
    for story in blocks("console"):
        for step in re.split(r"^\$ ", story, flags=re.MULTILINE)[1:]:
            line, _, told = step.partition("\n")
            done = subprocess.run(  # noqa: S602  the README's own lines
                line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            same = checker.check_output(told, done.stdout, doctest.ELLIPSIS)
            assert same, f"$ {line}\n{done.stdout}"


def test_the_first_story_finds_the_command_and_a_home_without_the_sample() -> None:
    """Sample and story both have a TCK-1182, each of another company."""
    told, _, _ = README.partition("```console")

    assert 'export PATH="$PWD/.venv/bin:$PATH" LONGCASE_HOME=' in told


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda page: page.name
)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
