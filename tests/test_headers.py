"""A row of the store as a Kafka record, and back."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events.contact import ContactRegistered
from domain.values import ID_PATTERN
from services.headers import (
    ForeignRecord,
    headers_of,
    key_of,
    public_headers_of,
    public_place_of,
    row_of,
)
from services.store import Row
from tests.events import ACME, customer_wrote, every_event, happened

ids = st.from_regex(ID_PATTERN, fullmatch=True)
numbers = st.integers(min_value=1, max_value=2**62)


def row(**known: object) -> Row:
    document = customer_wrote()
    fields = {
        "position": 40,
        "stream_id": document.stream_id,
        "stream_version": 3,
        "type": document.type,
        "state": document.encode(),
        "company_id": ACME,
        "company_seq": 12,
        "public_seq": 7,
        "committed_at": 1_790_000_000_000_000,
        "late": 0,
    }
    return Row(**{**fields, **known})  # type: ignore[arg-type]


def test_the_headers_are_a_cloud_event_in_binary_mode() -> None:
    event = row()
    document = orjson.loads(event.state)

    assert dict(headers_of(event, "longcase")) == {
        "ce_specversion": b"1.0",
        "ce_id": document["event_id"].encode(),
        "ce_source": b"longcase",
        "ce_type": b"ticket.customer_message_received",
        "ce_subject": b"ticket/TCK-1182",
        "ce_time": document["occurred_at"].encode(),
        "ce_sequence": b"00000000000000000040",
        "ce_companyseq": b"12",
        "ce_streamversion": b"3",
        "ce_dataschema": b"/v1/schemas/ticket.customer_message_received/1",
        "content-type": b"application/json",
        "ce_committedat": b"1790000000000000",
        "ce_publicseq": b"7",
    }


def test_where_customers_look_no_header_counts_what_they_may_not_see() -> None:
    event = row(late=1)
    document = orjson.loads(event.state)

    assert dict(public_headers_of(headers_of(event, "longcase"))) == {
        "ce_specversion": b"1.0",
        "ce_id": document["event_id"].encode(),
        "ce_source": b"longcase",
        "ce_type": b"ticket.customer_message_received",
        "ce_subject": b"ticket/TCK-1182",
        "ce_time": document["occurred_at"].encode(),
        "ce_dataschema": b"/v1/schemas/ticket.customer_message_received/1",
        "content-type": b"application/json",
        "ce_publicseq": b"7",
    }


def test_a_public_record_is_found_again_by_its_company_and_number() -> None:
    event = row()

    assert public_place_of(key_of(event), public_headers_of(headers_of(event, "longcase"))) == (
        ACME,
        7,
    )
    with pytest.raises(ForeignRecord):
        public_place_of(key_of(event), [("ce_publicseq", b"seven")])
    with pytest.raises(ForeignRecord):
        public_place_of(key_of(event), [])


def test_a_trace_goes_on_where_the_event_has_one_and_not_where_customers_look() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event = Traced(*row())
    event.traceparent = trace

    assert ("traceparent", trace.encode()) in headers_of(event, "longcase")
    assert "traceparent" not in dict(public_headers_of(headers_of(event, "longcase")))
    assert "traceparent" not in dict(headers_of(row(), "longcase"))


class Traced(Row):
    """A row as the store will give it."""

    traceparent: str = ""


def test_bytes_that_are_no_document_are_not_described() -> None:
    with pytest.raises(ForeignRecord, match="position 40"):
        headers_of(row(state=b'{"type":"ticket.opened"}'), "longcase")


def test_what_has_no_company_is_kept_in_order_by_its_stream() -> None:
    event = row(
        state=happened(ContactRegistered, "contact/jan", company=None).encode(),
        type="contact.registered", stream_id="contact/jan",
        company_id=None, company_seq=None, public_seq=None,
    )  # fmt: skip

    assert key_of(event) == b"contact/jan"
    assert "ce_companyseq" not in dict(headers_of(event, "longcase"))
    assert row_of(key_of(event), event.state, headers_of(event, "longcase")) == event


@st.composite
def rows(draw: st.DrawFn) -> Row:
    company = draw(st.none() | ids)
    return row(
        position=draw(numbers),
        stream_id=f"ticket/{draw(ids)}",
        stream_version=draw(numbers),
        company_id=company,
        company_seq=draw(numbers) if company else None,
        public_seq=draw(st.none() | numbers) if company else None,
        committed_at=draw(numbers),
        late=draw(st.sampled_from([0, 1])),
    )


@given(rows())
def test_a_record_is_the_row_that_it_was(event: Row) -> None:
    assert row_of(key_of(event), event.state, headers_of(event, "longcase")) == event


def test_every_type_of_event_has_its_schema_beside_it() -> None:
    for document in every_event():
        event = row(
            type=document.type, state=document.encode(), stream_id=document.stream_id,
            company_id=document.company_id,
            company_seq=12 if document.company_id else None,
        )  # fmt: skip
        said = dict(headers_of(event, "longcase"))["ce_dataschema"].decode()

        assert dict(headers_of(event, "longcase"))["ce_id"].decode() == str(document.event_id)
        schema = Path(__file__).parents[1] / "docs/schemas" / said.removeprefix("/v1/schemas/")
        assert schema.with_name(f"{schema.name}.json").exists(), said


@pytest.mark.parametrize(
    "missing", ["ce_sequence", "ce_type", "ce_subject", "ce_streamversion", "ce_committedat"]
)
def test_a_record_without_one_of_our_headers_is_foreign(missing: str) -> None:
    event = row()
    headers = [header for header in headers_of(event, "longcase") if header[0] != missing]

    with pytest.raises(ForeignRecord, match=missing):
        row_of(key_of(event), event.state, headers)


@pytest.mark.parametrize("number", [b"", b"four", b"\xff", b"1e9"])
def test_a_header_that_is_no_number_is_foreign(number: bytes) -> None:
    event = row()
    headers = [*headers_of(event, "longcase"), ("ce_sequence", number)]

    with pytest.raises(ForeignRecord):
        row_of(key_of(event), event.state, headers)


@pytest.mark.parametrize("key", [None, b"", b"borealis", b"\xff"])
def test_a_record_under_a_key_that_is_not_its_own_is_foreign(key: bytes | None) -> None:
    event = row(company_id=None, company_seq=None, public_seq=None)

    with pytest.raises(ForeignRecord, match="key"):
        row_of(key, event.state, headers_of(event, "longcase"))
