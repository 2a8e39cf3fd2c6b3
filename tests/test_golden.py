"""What was stored once can be read for ever, and says the same.

`tests/golden/<release>` holds a stored document of every version of every event, as that
release wrote it.  Lines are added, to both files and to the digests, for new events, versions and
fields; none is changed or removed.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from domain.errors import UnknownType
from domain.events import TYPES, decode
from domain.events.base import UPCASTERS
from services.control import Control, Keyring, key_id_of
from services.sealing import PREFIX, seal_text, unseal

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests/golden"
RELEASES = sorted(path.name for path in GOLDEN.iterdir())

Document = dict[str, Any]


def lines(release: str, name: str = "events.jsonl") -> list[bytes]:
    return (GOLDEN / release / name).read_bytes().splitlines()


def name_of(line: bytes) -> str:
    document = json.loads(line)
    return f"{document['type']} {document['schema_version']}"


STORED = [
    pytest.param(release, line, opened, id=f"{release} line {number} {name_of(line)}")
    for release in RELEASES
    for number, (line, opened) in enumerate(
        zip(lines(release), lines(release, "opened.jsonl"), strict=True), start=1
    )
]
each = pytest.mark.parametrize(("release", "line", "opened"), STORED)


def keys(release: str) -> dict[str, bytes]:
    held = json.loads((GOLDEN / release / "keys.json").read_text(encoding="utf-8"))
    return {subject: base64.urlsafe_b64decode(key) for subject, key in held.items()}


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyring]:
    control = Control(f"sqlite:///{tmp_path_factory.mktemp('golden') / 'control.db'}")
    for release in RELEASES:
        for subject, key in keys(release).items():
            control.database.execute(
                "INSERT INTO keyring (key_id, subject, key, created_at) VALUES (?, ?, ?, 0)",
                (key_id_of(key), f"{release} {subject}", key),
            )
    yield Keyring(control)
    control.close()


def holds(whole: Any, part: Any) -> bool:
    """Say whether *whole* is *part*, but for fields that were added since."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            name in whole and holds(whole[name], value) for name, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(holds, whole, part))
    return bool(whole == part)


@pytest.mark.parametrize("release", RELEASES)
def test_no_line_was_changed_removed_or_put_elsewhere(release: str) -> None:
    digests = [
        f"{hashlib.sha256(line).hexdigest()} {hashlib.sha256(opened).hexdigest()} {name_of(line)}"
        for line, opened in zip(lines(release), lines(release, "opened.jsonl"), strict=True)
    ]
    assert digests == (GOLDEN / release / "digests.txt").read_text(encoding="utf-8").splitlines()


def test_every_version_of_every_event_is_there() -> None:
    golden = {name_of(line) for release in RELEASES for line in lines(release)}
    assert golden == {
        f"{name} {version}"
        for name, model in TYPES.items()
        for version in range(1, model.VERSION + 1)
    }


@each
def test_it_is_read_as_the_current_version(release: str, line: bytes, opened: bytes) -> None:
    stored: Document = json.loads(line)

    read = decode(stored["type"], line)

    assert isinstance(read.data, TYPES[stored["type"]])
    assert read.schema_version == read.data.VERSION


@each
def test_it_is_written_again_as_it_was_unless_its_version_is_older(
    release: str, line: bytes, opened: bytes
) -> None:
    stored: Document = json.loads(line)
    is_current = stored["schema_version"] == TYPES[stored["type"]].VERSION

    written = decode(stored["type"], line).encode()

    assert holds(json.loads(written), stored) == is_current
    if json.loads(written) == stored:  # no field was added since
        assert written == line


@each
def test_its_texts_are_opened_by_the_keys_of_then(
    release: str, line: bytes, opened: bytes, keyring: Keyring
) -> None:
    read = unseal(decode(json.loads(line)["type"], line), keyring).encode()

    assert holds(json.loads(read), json.loads(opened))
    if json.loads(read) == json.loads(opened):
        assert read == opened
    assert PREFIX.encode() not in read


@each
def test_it_obeys_the_schema_of_its_version(release: str, line: bytes, opened: bytes) -> None:
    stored: Document = json.loads(line)
    schemas = ROOT / "docs/schemas"
    own = schemas / stored["type"] / f"{stored['schema_version']}.json"
    jsonschema.validate(stored, json.loads((schemas / "envelope.json").read_text("utf-8")))
    jsonschema.validate(stored["data"], json.loads(own.read_text("utf-8")))


@pytest.mark.parametrize("name", TYPES)
def test_every_field_is_filled_in_somewhere(name: str) -> None:
    filled: set[str] = set()
    for release in RELEASES:
        for line in lines(release):
            stored: Document = json.loads(line)
            if (stored["type"], stored["schema_version"]) == (name, TYPES[name].VERSION):
                filled |= {f for f, value in stored["data"].items() if value not in (None, [])}
    assert filled == set(TYPES[name].model_fields)


def test_a_token_is_made_today_as_it_was_made_then() -> None:
    key = keys("0.1.0")["company/borealis-media"]
    hold = next(line for line in lines("0.1.0") if name_of(line) == "ticket.put_on_hold 1")
    stored: Document = json.loads(hold)
    token = stored["data"]["reason"]
    sealed = base64.urlsafe_b64decode(token.rpartition(":")[2] + "==")
    binding = f"{stored['stream_id']}|{stored['event_id']}|reason".encode()

    made = seal_text(
        "The log does not say for whom", key_id_of(key), key, binding, nonce=sealed[:12]
    )

    assert made == token


def test_version_1_of_a_hold_that_named_nobody_now_says_unknown() -> None:
    old = next(line for line in lines("0.1.0") if name_of(line) == "ticket.put_on_hold 1")
    assert json.loads(old)["data"]["waiting_for"] is None
    assert '"waiting_for":"unknown"' in decode("ticket.put_on_hold", old).encode().decode()


def test_without_its_upcaster_an_old_line_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    old = next(line for line in lines("0.1.0") if name_of(line) == "ticket.put_on_hold 1")
    monkeypatch.delitem(UPCASTERS, ("ticket.put_on_hold", 1))

    with pytest.raises(UnknownType, match="has no upcaster"):
        decode("ticket.put_on_hold", old)
