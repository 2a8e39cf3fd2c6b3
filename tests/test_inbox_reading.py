"""Records of the inbox: three modes, and a reason for whatever carries no event."""

import orjson
import pytest

from domain.errors import InvalidReport, Refused
from services.bus import Message
from services.inbox.reading import UnsupportedMedia, events_of
from services.wire import read_cloud_event
from tests.inboxes import batch, binary, encoded, event, message, structured


def test_one_event_is_the_same_in_every_mode() -> None:
    sent = event(
        company="acme", actor="contact/jan", correlationid="match", causationid="kick-off",
        expectedversion=4,
    )  # fmt: skip
    plain = binary(sent)
    without_type = plain._replace(headers=plain.headers[:-1])
    records = [
        structured(sent), message(encoded(sent)), plain, without_type, batch(sent),
        structured(sent)._replace(
            headers=[("Content-Type", b"application/cloudevents+json; charset=UTF-8")]
        ),
    ]  # fmt: skip

    reports = [read_cloud_event(body) for record in records for body in events_of(record)]

    assert len(reports) == len(records)
    assert len({repr(report) for report in reports}) == 1
    assert (reports[0].company, reports[0].expected_version) == ("acme", 4)


def test_a_batch_is_cut_into_its_events_as_they_were_written() -> None:
    events = [event(), event(data={"body": "1.10 is no number of ours"})]

    assert [orjson.loads(body) for body in events_of(batch(*events))] == events


def test_other_headers_may_be_anything() -> None:
    sent = structured(event())
    odd = [*sent.headers, ("traceparent", b"\xff"), ("x", b""), ("x", b"twice")]

    assert len(events_of(sent._replace(headers=odd))) == 1


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (message(None), "no value"),
        (message(None, [("ce_id", b"1")]), "no value"),
        (message(b"{}", [("ce_id", b"\xff")]), "are UTF-8"),
        (message(b"{}", [("ce_id", b"1"), ("CE_ID", b"2")]), "said twice"),
        (message(b"{}", [("content-type", b"a"), ("content-type", b"a")]), "said twice"),
        (message(b"{}", [("ce_expectedversion", b"soon")]), "ce_expectedversion must be one"),
        (batch(), "the batch is empty"),
        (batch(event())._replace(value=b"{}"), "not a JSON array"),
        (batch(event())._replace(value=b"[1"), "not a JSON array"),
        (batch(event())._replace(value=b"[1,]"), "not a JSON array"),
        (batch(event())._replace(value=b'["\xff"]'), "not a JSON array"),
        (batch(event())._replace(value=b"[" * 100_000), "not a JSON array"),
        (batch(*[{}] * 1_001), "more than 1,000 events"),
    ],
)
def test_what_carries_no_event_says_why(record: Message, reason: str) -> None:
    with pytest.raises(InvalidReport, match=reason):
        events_of(record)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "text/plain",
        "application/cloudevents+avro",
        "application/cloudevents+json; charset=utf-16",
        "nonsense",
        " ",
        "\n",
        "\x00",
        ";;;",
    ],
)
def test_other_content_types_are_not_taken(content_type: str) -> None:
    with pytest.raises(UnsupportedMedia, match="send application/cloudevents"):
        events_of(message(encoded(event()), [("content-type", content_type.encode())]))


def test_a_value_alone_must_be_a_structured_event() -> None:
    for value in (b"", b"[]", b"null", b"4", b"{", b"\x00\x01", b'{"data": {}}'):
        (body,) = events_of(message(value))
        with pytest.raises(Refused):
            read_cloud_event(body)


def test_binary_mode_cannot_say_its_data_twice() -> None:
    sent = binary(event())

    (body,) = events_of(sent._replace(headers=[*sent.headers, ("ce_data", b"{}")]))

    with pytest.raises(InvalidReport):
        read_cloud_event(body)
