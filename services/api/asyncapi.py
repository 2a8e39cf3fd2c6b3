"""``/asyncapi.json``: what travels over Kafka, made from the models, the topics and their headers.

Publishers write to the inbox and read its rejects; everybody else reads.  An event's own fields
are described by its schema under ``/v1/schemas``; here stands what is around them.
"""

import json
from functools import cache
from typing import Any, Final

from fastapi import APIRouter, Response

from domain.events import TYPES
from domain.events.schema import schema_of_envelope, summary
from services.modes import BATCHED, PLAIN, STRUCTURED
from services.wire import CloudEvent

Document = dict[str, Any]

router = APIRouter(tags=["service"])

ABOUT: Final = """\
Every customer's whole support history, as it travels over Kafka: CloudEvents 1.0, in order for
each key. A record's headers are text in UTF-8. Drop a record whose `ce_sequence` is at or below
the last one of its partition: it is a repeat. Texts are sealed; those who may read them read them
over HTTP (`/openapi.json`)."""

DESCRIBED: Final = {
    "ce_specversion": "1.0",
    "ce_id": "the event's id, a UUID of version 7",
    "ce_source": "this deployment",
    "ce_type": "the event's type",
    "ce_subject": "the stream: what it happened to",
    "ce_time": "when it happened, RFC 3339 in UTC",
    "ce_dataschema": "where the schema of the document's `data` is",
    "content-type": PLAIN,
}
"""Headers of every event that we publish."""

PLACED: Final = {
    "ce_sequence": "the position, 20 digits: the order of the store, with gaps",
    "ce_streamversion": "its number within the stream, dense from 1",
    "ce_committedat": "when it was recorded, in microseconds since 1970; never falls",
}
WHERE_SO: Final = {
    "ce_companyseq": "its number within the company, dense from 1; if it has one",
    "ce_publicseq": "its number among what the company may see; if it may",
    "ce_late": "1, if it was learned after something that happened later",
    "traceparent": "W3C Trace Context, if the event has one",
}
PUBLIC: Final = {"ce_publicseq": "its number within the company on this topic, dense from 1"}

REJECTED: Final = {
    "longcase_code": "why, as a stable name",
    "longcase_reason": "why, in words",
    "longcase_topic": "which record it was: the topic",
    "longcase_topic_id": "its incarnation",
    "longcase_partition": "its partition",
    "longcase_offset": "its offset",
    "longcase_at": "when it was rejected, RFC 3339",
}
REJECTED_AT_TIMES: Final = {
    "longcase_events": "of a batch, a JSON list of what was refused: index, code, reason",
    "longcase_left_out": "bytes of a value that was too large to be copied",
}

KEY: Final = "the company's id; of what has no company, the stream's"


@router.get("/asyncapi.json")
def described() -> Response:
    """Read what travels over Kafka, as AsyncAPI 3.1."""
    return Response(_written(), media_type="application/json")


@cache
def _written() -> bytes:
    return json.dumps(document(), ensure_ascii=False).encode()


def document() -> Document:
    """Describe the topics and what is on them."""
    channels = _channels()
    return {
        "asyncapi": "3.1.0",
        "info": {"title": "longcase", "version": "1", "description": ABOUT},
        "defaultContentType": PLAIN,
        "channels": channels,
        "operations": {
            f"{'take' if name == 'inbox' else 'publish'}-{name}": {
                "action": "receive" if name == "inbox" else "send",
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": channel["summary"],
            }
            for name, channel in channels.items()
        },
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _channels() -> Document:
    from services.bus.topics import KEPT, PARTITIONS, READABLE, ROOMY, Topics

    topics, reads = Topics(), [name for name in TYPES if name.startswith("reads.")]
    return {
        "events": _channel(topics.events, "All events but the read audit; kept for ever",
                           [name for name in TYPES if name not in reads], PARTITIONS, KEPT),
        "reads": _channel(topics.reads, "The read audit: who looked at what; kept for ever",
                          reads, PARTITIONS, KEPT),
        "public": _channel(topics.public, "What customers may see; kept for ever",
                           ["public"], PARTITIONS, KEPT),
        "inbox": _channel(topics.inbox, "Where publishers report what happened; kept for a week",
                          ["structured", "batch", "binary"], PARTITIONS, READABLE),
        "rejected": _channel(topics.rejected, "What of the inbox was not taken; kept for a week",
                             ["rejected"], 1, ROOMY),
    }  # fmt: skip


def _channel(
    topic: str, summary: str, messages: list[str], partitions: int, kept: dict[str, str]
) -> Document:
    configured = {
        "cleanup.policy": [kept["cleanup.policy"]],
        "retention.ms": int(kept["retention.ms"]),
        **({"max.message.bytes": int(most)} if (most := kept.get("max.message.bytes")) else {}),
    }
    kafka = {"topic": topic, "partitions": partitions, "topicConfiguration": configured}
    return {
        "address": topic,
        "summary": summary,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"kafka": {**kafka, "bindingVersion": "0.5.0"}},
    }


def _messages() -> Document:
    stored, cloud = _schema("Document"), _schema("CloudEvent")
    whole = "The stored document, byte for byte, of whatever type"
    return {
        **{name: _event(name) for name in TYPES},
        "public": _message(whole, stored, "PublicHeaders", KEY),
        "structured": _message("One event in structured mode", cloud, mode=STRUCTURED),
        "batch": _message(
            "Up to 1,000 events", {"type": "array", "items": cloud, "maxItems": 1_000}, mode=BATCHED
        ),
        "binary": _message("One event: its `data`, attributes in headers", {"type": "object"},
                           "InboxHeaders", mode=PLAIN),
        "rejected": _message("A record as it came, and why", {}, "RejectedHeaders", "as it came"),
    }  # fmt: skip


def _event(name: str) -> Document:
    model = TYPES[name]
    own = {
        "type": {"const": name},
        "schema_version": {"const": model.VERSION},
        "data": {"$ref": f"/v1/schemas/{name}/{model.VERSION}"},
    }
    payload = {"allOf": [_schema("Document"), {"type": "object", "properties": own}]}
    return _message(summary(model), payload, "EventHeaders", KEY)


def _message(
    summary: str, payload: Document, headers: str = "", key: str = "one for each company, to keep "
    "its events in order", mode: str = PLAIN,
) -> Document:  # fmt: skip
    kafka = {"key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}
    return {
        "summary": summary,
        "contentType": mode,
        **({"headers": _schema(headers)} if headers else {}),
        "payload": payload,
        "bindings": {"kafka": kafka},
    }


def _schemas() -> Document:
    attributes = CloudEvent.model_fields
    taken = {f"ce_{name}": "as in structured mode" for name in attributes if name != "data"}
    needed = [f"ce_{name}" for name, field in attributes.items() if field.is_required()]
    found = {
        "Document": schema_of_envelope(),
        "CloudEvent": CloudEvent.model_json_schema(),
        "EventHeaders": _headers({**DESCRIBED, **PLACED}, WHERE_SO),
        "PublicHeaders": _headers({**DESCRIBED, **PUBLIC}),
        "InboxHeaders": {**_headers({}, {**taken, "content-type": PLAIN}), "required": needed},
        "RejectedHeaders": _headers(REJECTED, REJECTED_AT_TIMES),
    }
    for schema in list(found.values()):  # what stands within one is told of by the whole document
        found |= schema.pop("$defs", {})
        schema.pop("$id", None)
        schema.pop("$schema", None)
    moved: Document = json.loads(json.dumps(found).replace("#/$defs/", "#/components/schemas/"))
    return moved


def _headers(always: dict[str, str], at_times: dict[str, str] | None = None) -> Document:
    said = {**always, **(at_times or {})}
    return {
        "type": "object",
        "properties": {n: {"type": "string", "description": what} for n, what in said.items()},
        "required": list(always),
    }


def _schema(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}
