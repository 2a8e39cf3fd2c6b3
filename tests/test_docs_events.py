"""The page and the schemas of events say what the code does."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from domain.events import TYPES
from domain.events.base import marks
from domain.values import KINDS
from services.wire import CloudEvent, to_report
from tests.events_page_text import EXAMPLES
from tests.generate import ROOT, differences, frozen, main, pages, write

DOCS = ROOT / "docs"
GLOSSARY = DOCS / "glossary.md"
FROZEN = {
    "docs/schemas/ticket.put_on_hold/1.json": (
        "f306847d5ff7667d673d5d8255b82b79dbde60bc7aa65db0b489740f7c9a7ee4"
    ),
}
"""SHA-256 of the schemas of older versions: publishers hold copies of them."""
SCHEMAS = sorted((DOCS / "schemas").rglob("*.json"))


def schema_at(path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def test_every_generated_file_is_what_the_code_makes() -> None:
    assert list(differences()) == []
    assert main(["--check"]) == 0


def test_the_check_names_what_is_missing_changed_or_belongs_to_nothing(tmp_path: Path) -> None:
    assert len(list(write(tmp_path))) == len(pages())
    for name in frozen():
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    assert list(differences(tmp_path)) == []

    (tmp_path / "docs/events.md").write_text("# Events, in short", encoding="utf-8")
    (tmp_path / "docs/schemas/ticket.opened/1.json").unlink()
    (tmp_path / "docs/schemas/ticket.put_on_hold/1.json").unlink()
    (tmp_path / "docs/schemas/ticket.opened/7.json").write_text("{}", encoding="utf-8")

    assert list(differences(tmp_path)) == [
        "docs/events.md is not what the code makes",
        "docs/schemas/ticket.opened/1.json is missing",
        "docs/schemas/ticket.put_on_hold/1.json is missing: of an older version, kept, never made",
        "docs/schemas/ticket.opened/7.json belongs to no event",
    ]


def test_the_schemas_of_older_versions_are_what_they_were() -> None:
    assert FROZEN.keys() == frozen()
    for name, digest in FROZEN.items():
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest


def test_a_word_it_does_not_know_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chekc"]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("name", TYPES)
def test_every_event_has_its_place_on_the_page(name: str) -> None:
    page = (DOCS / "events.md").read_text(encoding="utf-8")
    assert f"[`{name}`](#{name.replace('.', '')})" in page
    assert f"\n### {name}\n" in page


def test_every_link_of_the_page_leads_somewhere() -> None:
    page = (DOCS / "events.md").read_text(encoding="utf-8")
    headings = [re.sub(r"[^a-z0-9 _-]", "", line.lower()) for line in re.findall("#+ (.*)", page)]
    for target in re.findall(r"\]\(([^)]+)\)", page):
        if target.startswith("#"):
            assert headings.count(target[1:]) == 1, target
        elif not target.startswith("https://"):
            assert (DOCS / target).exists(), target


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"reads"}))
def test_every_kind_of_stream_that_has_events_has_examples_that_are_taken(kind: str) -> None:
    models = {name for name, model in TYPES.items() if model.stream_kind() == kind}
    assert bool(models) == (kind in EXAMPLES)
    for example in EXAMPLES.get(kind, ()):
        report = to_report(CloudEvent.model_validate_json(json.dumps(example)))
        assert type(report.event).TYPE in models


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: str(path.relative_to(DOCS)))
def test_every_schema_is_one_and_names_itself(path: Path) -> None:
    schema = schema_at(path)
    jsonschema.Draft202012Validator.check_schema(schema)
    place = path.relative_to(DOCS / "schemas").with_suffix("")
    assert schema["$id"] == f"/v1/schemas/{place}"
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_marks_exactly_the_sealed_fields(name: str) -> None:
    model = TYPES[name]
    schema = schema_at(DOCS / f"schemas/{name}/{model.VERSION}.json")
    for part, described in [
        (model, schema),
        *((mark.part, schema["$defs"][mark.part.__name__]) for mark in marks(model) if mark.part),
    ]:
        sealed = {mark.field: mark.seal.whose for mark in marks(part) if mark.seal}
        assert {
            field: held["x-sealed"]
            for field, held in described["properties"].items()
            if "x-sealed" in held
        } == sealed
    assert schema["x-stream"] == model.stream_kind()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_example_obeys_the_schema_of_its_event(kind: str) -> None:
    for example in EXAMPLES[kind]:
        schema = schema_at(
            DOCS / f"schemas/{example['type']}/{TYPES[example['type']].VERSION}.json"
        )
        jsonschema.validate(example["data"], schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**example["data"], "no_such_field": 1}, schema)


WORDS = """
    Company Contact Ticket Step Commitment Milestone Escalation Consultation Interaction Touchpoint
    Installation Licences Entitlement Problem Distress Position Cursor Briefing Desk
"""


@pytest.mark.parametrize("word", WORDS.split())
def test_the_glossary_explains_the_words_of_the_product(word: str) -> None:
    assert re.search(rf"\*\*{word}\*\*[^:]*: ", GLOSSARY.read_text(encoding="utf-8"))


def test_the_glossary_says_what_the_desk_is() -> None:
    assert "**Desk**: the application service." in GLOSSARY.read_text(encoding="utf-8")
