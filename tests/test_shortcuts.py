"""Every quick way gives what the long way gives."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidReport, UnknownType
from domain.events import Recorded, decode, glimpse
from domain.events.base import changed
from domain.values import rfc3339
from projections.words import _MARKS, _WORD, cut
from services.desk.streams import KINDS
from tests.events import customer_wrote, every_event

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(timezones=ZONES).filter(lambda moment: 1 < moment.year < 9999)
EVENTS = list(every_event())


@given(MOMENTS)
def test_a_time_is_written_as_isoformat_writes_it(moment: datetime) -> None:
    long = moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    assert rfc3339(moment) == long


@given(
    st.text(
        st.sampled_from(
            "ab1_\u2026\u2013\u2019\u201c\u2022\u00a0\u00e9\u0301\u00df\u6f22\u304b\u212b"
        )
    )
)
def test_a_text_with_typographic_signs_is_cut_as_any_other(text: str) -> None:
    assert cut(text) == _WORD.findall(_MARKS.sub("", normalize("NFKD", text)).casefold())


@pytest.mark.parametrize("recorded", EVENTS, ids=lambda recorded: recorded.type)
def test_a_changed_event_is_what_a_model_copy_is(recorded: Recorded[Any]) -> None:
    quick = changed(recorded, {"actor": "agent/tom"})
    long = recorded.model_copy(update={"actor": "agent/tom"})

    assert quick == long
    assert quick.model_fields_set == long.model_fields_set
    assert quick.encode() == long.encode()
    assert recorded.actor != "agent/tom" or recorded == long


@pytest.mark.parametrize("recorded", EVENTS, ids=lambda recorded: recorded.type)
def test_a_glimpse_says_what_happened_and_when(recorded: Recorded[Any]) -> None:
    state = recorded.encode()

    seen = glimpse(recorded.type, state)

    assert (seen.type, seen.occurred_at) == (recorded.type, recorded.occurred_at)
    assert type(seen.data) is type(decode(recorded.type, state).data)
    with pytest.raises(AttributeError):
        _ = seen.visibility


@pytest.mark.parametrize("recorded", EVENTS, ids=lambda recorded: recorded.type)
def test_an_aggregate_reads_of_an_event_what_it_says_it_reads(recorded: Recorded[Any]) -> None:
    kind = KINDS[recorded.kind]
    documents = [(recorded.type, recorded.encode())] * 2  # the first is always read

    quick = kind(recorded.stream_id)
    quick.take_stored(documents)

    long = kind.replay(recorded.stream_id, [decode(*document) for document in documents])
    assert vars(quick) == vars(long)


def test_what_is_no_document_gives_no_glimpse() -> None:
    with pytest.raises(InvalidReport, match="cannot be read"):
        glimpse("ticket.opened", b'{"event_id":"1"}')
    with pytest.raises(UnknownType, match="no event has the type"):
        glimpse("os:system", customer_wrote().encode())
