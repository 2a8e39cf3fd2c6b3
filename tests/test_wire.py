"""CloudEvents in: what is taken, and that everything else is refused with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidReport, OtherStream, Refused, TooLarge, UnknownType
from domain.events import TYPES
from domain.events.ticket import (
    CustomerMessageReceived,
)
from domain.values import EPOCH
from services.wire import LIMIT, Report, read_cloud_event
from tests.events_page_text import EXAMPLES, WROTE

MUST_SAY = [name for name, model in TYPES.items() if model.VISIBILITY is None]


def body(**changes: Any) -> bytes:
    """Write a customer's message as a CloudEvent; ``None`` leaves an attribute out."""
    cloud = {**WROTE, **changes}
    return json.dumps({k: v for k, v in cloud.items() if v is not None}).encode()


def saying(data: str) -> bytes:
    """Write a customer's message whose data is the JSON *data*, as it stands."""
    return body(data={}).replace(b'"data": {}', b'"data": ' + data.encode())


def refusal(sent: bytes) -> str:
    with pytest.raises(InvalidReport) as refused:
        read_cloud_event(sent)
    return str(refused.value)


def answer_to(sent: bytes) -> Report | str:
    """Give the report, or the reason why there is none."""
    try:
        return read_cloud_event(sent)
    except Refused as refused:
        return str(refused)


def test_a_cloud_event_becomes_a_report() -> None:
    report = read_cloud_event(body(correlationid="match", expectedversion=4))

    assert isinstance(report.event, CustomerMessageReceived)
    assert report.event.contact_id == "jan-peeters"
    assert (report.source.system, report.source.external_id) == ("mail", WROTE["id"])
    assert report.occurred_at.isoformat() == "2026-09-08T05:02:00+00:00"
    assert (report.stream_id, report.actor) == ("ticket/TCK-1182", "contact/jan-peeters")
    assert (report.correlation_id, report.expected_version) == ("match", 4)
    assert not report.source.imported


# Who may see it


@pytest.mark.parametrize("name", MUST_SAY)
def test_a_message_must_say_who_may_see_it(name: str) -> None:
    sent = body(type=name, visibility=None, data={"body": "Hello", "note": "Hello"})
    assert "visibility is missing" in refusal(sent)


def test_messages_and_notes_are_what_must_say() -> None:
    assert set(MUST_SAY) == {
        "ticket.customer_message_received",
        "ticket.agent_replied",
        "ticket.internal_note_added",
    }


def test_nobody_reports_in_our_name() -> None:
    with pytest.raises(InvalidReport, match="source: longcase is our own"):
        read_cloud_event(body(source="longcase"))


def test_that_somebody_read_is_for_longcase_alone_to_record() -> None:
    viewed = {"viewer_id": "mia", "viewed_company_id": "acme", "as_of_position": 1, "count": 1}

    with pytest.raises(OtherStream, match="recorded by longcase itself"):
        read_cloud_event(
            body(type="reads.timeline_viewed", subject="reads/2026-11-03:api", data=viewed)
        )


@pytest.mark.parametrize("kind", EXAMPLES)
def test_what_does_not_say_gets_what_its_event_declares(kind: str) -> None:
    for example in EXAMPLES[kind]:
        report = read_cloud_event(json.dumps(example).encode())
        assert report.visibility == example.get("visibility", TYPES[example["type"]].VISIBILITY)


def test_no_fourth_visibility_is_made_up() -> None:
    assert refusal(body(visibility="secret")).startswith("visibility: ")


# Type, stream, fields


@pytest.mark.parametrize("name", ["os:system", "ticket.exploded", "TicketOpened"])
def test_a_type_that_no_event_has_is_refused(name: str) -> None:
    with pytest.raises(UnknownType, match=r"docs/events\.md lists"):
        read_cloud_event(body(type=name))


def test_an_event_in_a_stream_of_another_kind_is_refused() -> None:
    with pytest.raises(OtherStream, match=r"stands in a stream ticket/…, not in company/acme"):
        read_cloud_event(body(subject="company/acme"))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"subject": "ticket/TCK 1182"}, "subject"),
        ({"subject": "ticket/TCK-1182\n"}, "subject"),
        ({"subject": "ticket/"}, "subject"),
        ({"subject": "order/1"}, "subject"),
        ({"actor": "jan"}, "actor"),
        ({"source": None}, "source"),
        ({"source": ""}, "source"),
        ({"id": "x" * 513}, "id"),
        ({"specversion": "0.3"}, "specversion"),
        ({"colour": "blue"}, "colour"),
        ({"data_base64": "aGVsbG8="}, "data_base64"),
        ({"data": []}, "data"),
        ({"data": {}}, "data.body"),
        ({"data": {"body": 5}}, "data.body"),
        ({"data": {"body": "Hello", "mood": "calm"}}, "data.mood"),
        ({"expectedversion": -1}, "expectedversion"),
        ({"expectedversion": 2**64}, "expectedversion"),
        ({"expectedversion": "4"}, "expectedversion"),
    ],
)
def test_a_field_that_is_wrong_is_named(changes: dict[str, Any], place: str) -> None:
    assert refusal(body(**changes)).startswith(f"{place}: ")


def test_a_number_in_quotes_is_no_number() -> None:
    sent = body(type="survey.answered", subject="survey/1", data={"score": "4"})
    assert refusal(sent) == "data.score: Input should be a valid integer"


def test_a_refusal_repeats_nothing_of_what_was_sent() -> None:
    sent = body(data={"body": ["my secret"], "channel": {"my": "secret"}, "x" * 5000: 1})
    assert "secret" not in refusal(sent)
    assert len(refusal(sent)) < 500


# Times


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("2026-11-02T09:02:00", "timezone"),
        ("2026-11-02", "timezone"),
        ("0000-01-01T00:00:00Z", "year 0 is out of range"),
        ("0001-01-01T00:00:00+01:00", "outside the years 1 to 9999 in UTC"),
        ("0001-01-01T00:00:00Z", "the time lies before 1970: correct it"),
        ("1969-12-31T23:59:59.999999Z", "the time lies before 1970"),
        ("9999-12-31T23:59:59-01:00", "outside the years 1 to 9999 in UTC"),
        ("10000-01-01T00:00:00Z", "valid datetime"),
        ("2026-02-30T00:00:00Z", "day value is outside expected range"),
        ("1793610120", "RFC 3339"),
        ("-1.5", "RFC 3339"),
        (1793610121, "RFC 3339"),
        ("yesterday", "RFC 3339"),
        (None, "Field required"),
    ],
)
def test_a_time_that_is_not_one_is_refused_in_words(sent: Any, reason: str) -> None:
    said = refusal(body(time=sent))
    assert said.startswith("time: ")
    assert reason in said


def test_the_first_moment_that_is_taken_is_that_of_1970() -> None:
    report = read_cloud_event(body(time="1970-01-01T01:00:00+01:00"))
    assert report.occurred_at == EPOCH


def test_an_offset_becomes_utc() -> None:
    report = read_cloud_event(body(time="2026-09-08T23:30:00.25-05:30"))
    assert report.occurred_at.isoformat() == "2026-09-09T05:00:00.250000+00:00"


# What breaks other systems


def test_half_a_surrogate_pair_is_refused() -> None:
    assert "Invalid JSON" in refusal(saying(r'{"body": "\ud800"}'))
    assert "Invalid JSON" in refusal(saying('{"body": "X"}').replace(b"X", b"\xed\xa0\x80"))


def test_a_whole_surrogate_pair_and_the_marks_of_right_to_left_text_are_kept() -> None:
    report = read_cloud_event(saying(r'{"body": "\ud83d\ude42 \u202eabc\u202c"}'))
    assert isinstance(report.event, CustomerMessageReceived)
    assert report.event.body == "🙂 \u202eabc\u202c"


@pytest.mark.parametrize(
    "sent",
    [
        saying(r'{"body": "a\u0000b"}'),
        saying(r'{"body": "a", "a\u0000b": 1}'),
        saying(r'{"body": "a", "attachments": [{"name": "\u0000", "reference": "r"}]}'),
        body(source="ma\0il"),
        body(id="\0"),
    ],
)
def test_the_character_that_no_database_keeps_is_refused(sent: bytes) -> None:
    assert "the NUL character cannot be stored" in refusal(sent)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_a_number_that_is_none_is_refused_and_not_taken_for_empty(number: str) -> None:
    assert refusal(saying(f'{{"body": "a", "channel": {number}}}')) == (
        "data.channel: the number is not finite"
    )


@pytest.mark.parametrize("number", [2**63, -(2**63), 10**30, 10**4000])
def test_a_number_beyond_64_bits_is_refused(number: int) -> None:
    said = refusal(saying(f'{{"body": "a", "attachments": [{{"size": {number}}}]}}'))
    assert said == "data.attachments[0].size: the number does not fit 64 bits"


def test_a_number_that_readers_of_json_would_round_is_refused() -> None:
    sent = body(type="survey.answered", subject="survey/1", data={"score": 2**53})
    assert "less than or equal to 9007199254740991" in refusal(sent)


@pytest.mark.parametrize(
    ("sent", "twice"),
    [
        (body().replace(b'"id"', b'"visibility": "internal", "id"'), "visibility"),
        (saying('{"body": "Yes", "body": "No"}'), "body"),
        (saying('{"body": "a", "attachments": [{"name": "n", "name": "m"}]}'), "name"),
        (saying(r'{"body": "Yes", "bod\u0079": "No"}'), "body"),
    ],
)
def test_a_field_that_is_said_twice_is_refused(sent: bytes, twice: str) -> None:
    assert refusal(sent) == f"{twice}: said twice in one object; say it once"


def test_deep_nesting_is_refused_however_deep() -> None:
    for depth in (33, 150, 100_000):
        said = refusal(saying(f'{{"body": {"[" * depth}{"]" * depth}}}'))
        assert "nested deeper" in said or "recursion limit" in said


def test_what_is_larger_than_256_kib_is_refused_at_once() -> None:
    with pytest.raises(TooLarge, match="10,485,760 bytes; at most 262,144 are taken"):
        read_cloud_event(b" " * (10 * 1024 * 1024))

    fitting = body(data={"body": "x" * (LIMIT - len(body(data={"body": ""})))})
    assert len(fitting) == LIMIT
    assert isinstance(read_cloud_event(fitting), Report)
    with pytest.raises(TooLarge):
        read_cloud_event(fitting + b" ")


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"null", b"[]", b'"text"', b"{", b"\xef\xbb\xbf{}", body().decode().encode("utf-16"),
        body() + body(), b"\x1f\x8b\x08\x00",
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(sent: bytes) -> None:
    assert refusal(sent)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
fields = st.sampled_from(
    ["body", "contact_id", "attachments", "score", "to", "changes", "arr", "due_at", "name"]
)


@given(st.sampled_from(list(TYPES)), st.dictionaries(fields | st.text(), anything, max_size=6))
def test_any_json_is_taken_or_refused_and_nothing_else_happens(
    name: str, data: dict[str, Any]
) -> None:
    kind = TYPES[name].stream_kind()
    answer = answer_to(body(type=name, subject=f"{kind}/1", data=data))
    assert isinstance(answer, Report) or answer


@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_bytes_are_taken_or_refused_and_nothing_else_happens(noise: bytes, place: int) -> None:
    good = body()
    answer = answer_to(good[:place] + noise + good[place + len(noise) :])
    assert isinstance(answer, Report) or answer
