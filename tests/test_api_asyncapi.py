"""`/asyncapi.json` says what is so: topics, headers and payloads are those that travel."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from domain.events import TYPES
from domain.events.schema import schema_of
from services.api.asyncapi import document
from services.bus import Topics
from services.headers import headers_of, public_headers_of
from services.inbox.rejects import Source, _said
from services.receipts import Receipt
from services.wire import CloudEvent
from tests.events import every_event
from tests.inboxes import binary, event, structured
from tests.served import Served, story
from tests.test_headers import row

__all__ = ["story"]

DOCUMENT = document()
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def references(value: Any) -> Iterator[str]:
    """Yield what a part of the document points to."""
    if isinstance(value, dict):
        yield from (target for name, target in value.items() if name == "$ref")
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from references(inner)


def pointed(reference: str) -> Any:
    """Find what a reference within the document points to."""
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def whole() -> Any:
    """Put the schemas of events into the document, so that all references lead within it."""
    served = {
        name: json.dumps({key: part for key, part in schema_of(model).items() if key != "$id"})
        for name, model in TYPES.items()
    }
    inner = {name: json.loads(text.replace("#/$defs/", f"#/served/{name}/$defs/"))
             for name, text in served.items()}  # fmt: skip
    text = re.sub(r'"/v1/schemas/([\w.]+)/\d+"', r'"#/served/\1"', json.dumps(DOCUMENT))
    return {**json.loads(text), "served": inner}


WHOLE = whole()


def holds(message: str, part: str, value: Any) -> None:
    """Hold a value against the payload or the headers of a message."""
    schema = {**WHOLE, "$ref": f"#/components/messages/{message}/{part}"}
    Draft202012Validator(schema).validate(value)


def test_it_is_served_to_everybody(story: Served) -> None:
    answer = story.get("/asyncapi.json", None)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == DOCUMENT


def test_it_points_to_nothing_that_is_not_there(story: Served) -> None:
    for reference in set(references(DOCUMENT)):
        if reference.startswith("#/"):
            assert pointed(reference)
        else:
            assert story.get(reference, "agent").status_code == 200


def test_it_has_the_form_of_the_specification() -> None:
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["asyncapi"])
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for part in (DOCUMENT["channels"], DOCUMENT["operations"], *DOCUMENT["components"].values()):
        assert all(re.fullmatch(r"[\w\-.]+", name) for name in part)
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert pointed(operation["channel"]["$ref"])["address"]
    for message in MESSAGES.values():
        assert {"summary", "payload", "contentType", "bindings"} <= message.keys()


def test_its_channels_are_the_topics_and_every_event_has_its_own() -> None:
    topics, channels = Topics(), DOCUMENT["channels"]

    assert {channel["address"] for channel in channels.values()} == {
        topics.events, topics.reads, topics.public, topics.inbox, topics.rejected,
    }  # fmt: skip
    assert {*channels["events"]["messages"], *channels["reads"]["messages"]} == set(TYPES)
    assert not channels["events"]["messages"].keys() & channels["reads"]["messages"].keys()
    assert {name for channel in channels.values() for name in channel["messages"]} == set(MESSAGES)


@pytest.mark.parametrize("recorded", [*every_event()], ids=lambda found: found.type)
def test_every_event_is_such_a_message(recorded: Any) -> None:
    stored = orjson.loads(recorded.encode())

    holds(recorded.type, "payload", stored)
    holds("public", "payload", stored)


def test_records_have_the_headers_that_are_told_of_and_no_others() -> None:
    cases = {
        "ticket.opened": headers_of(row(late=1), "longcase"),
        "public": public_headers_of(headers_of(row(), "longcase")),
        "binary": binary(event()).headers,
        "rejected": _said(
            Source("longcase.inbox", "id", 0), structured(event()),
            [Receipt("refused", "ticket/T-1", code="x", reason="y")] * 2,
            NOON,
        ),
    }  # fmt: skip

    for name, headers in cases.items():
        holds(name, "headers", {key: (value or b"").decode() for key, value in headers})
        known = pointed(MESSAGES[name]["headers"]["$ref"])["properties"]
        assert dict(headers).keys() <= known.keys()


def test_what_publishers_send_is_such_a_message() -> None:
    holds("structured", "payload", event())
    holds("batch", "payload", [event(), event()])
    told = MESSAGES["binary"]["headers"]["$ref"]
    names = {name.removeprefix("ce_") for name in pointed(told)["properties"]}
    assert names == {*CloudEvent.model_fields, "content-type"} - {"data"}
