"""Events, their registry, and the document in which they are stored."""

import json
import re
import sys
from datetime import datetime, timedelta, timezone
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import StringConstraints, ValidationError

from domain.errors import InvalidReport, UnknownType
from domain.events import TYPES, Event, decode, upcast
from domain.events.base import UPCASTERS, Part, Seal, _unwrap, event, marks, people_in, upcaster
from domain.events.duties import (
    TicketEscalationRaised,
)
from domain.events.interaction import InteractionLogged, Participant
from domain.events.schema import parts_of
from domain.events.ticket import (
    TicketPutOnHold,
    TicketResumed,
)
from domain.values import KINDS, micros, moment, rfc3339
from tests.events import MONDAY, customer_wrote, every_event, logged, recorded, talked

MODELS: list[type[Part]] = [*TYPES.values()]
MODELS += dict.fromkeys(part for model in TYPES.values() for part in parts_of(model))


def changed(state: bytes, **fields: Any) -> bytes:
    """Change the fields of a stored document."""
    return json.dumps({**json.loads(state), **fields}).encode()


# The registry


@pytest.mark.parametrize(
    "name",
    ["os:system", "antigravity:fly", "domain.events.ticket:TicketOpened", "TicketOpened", ""],
)
def test_a_stored_name_is_looked_up_and_never_imported(name: str) -> None:
    with pytest.raises(UnknownType, match="no event has the type"):
        decode(name, b"{}")
    assert "antigravity" not in sys.modules


def test_a_name_stands_for_one_event_and_a_version_has_one_upcaster() -> None:
    with pytest.raises(ValueError, match=r"ticket\.opened is registered twice"):
        event("ticket.opened")(type("Other", (Event,), {}))
    with pytest.raises(ValueError, match="has an upcaster already"):
        upcaster("ticket.put_on_hold", 1)(dict)


@pytest.mark.parametrize("name", TYPES)
def test_a_name_is_a_kind_of_stream_and_a_past_tense(name: str) -> None:
    assert re.fullmatch(rf"({'|'.join(KINDS)})\.[a-z]+(_[a-z]+)*", name)
    assert TYPES[name].stream_kind() in KINDS


@pytest.mark.parametrize("name", TYPES)
def test_every_older_version_has_its_upcaster(name: str) -> None:
    versions = {version for known, version in UPCASTERS if known == name}
    assert versions == set(range(1, TYPES[name].VERSION))


def test_a_version_from_the_future_is_refused() -> None:
    state = recorded(TicketResumed(), "ticket/T-1").encode()
    with pytest.raises(UnknownType, match="version 2 is newer than this code, which knows 1"):
        decode("ticket.resumed", changed(state, schema_version=2))


@pytest.mark.parametrize("version", [0, -1, "1", None, 1.5, [1]])
def test_a_version_that_never_was_is_refused(version: Any) -> None:
    state = recorded(TicketPutOnHold(waiting_for="vendor"), "ticket/T-1").encode()
    with pytest.raises((UnknownType, InvalidReport)):
        decode("ticket.put_on_hold", changed(state, schema_version=version))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "waiting_for": st.sampled_from([None, "customer", "vendor", "internal"]),
            "until": st.none() | st.just("2026-11-03T14:02:00.000000Z"),
            "reason": st.none() | st.text(),
        },
    )
)
def test_whatever_version_1_of_a_hold_could_say_is_a_hold_today(old: dict[str, Any]) -> None:
    before = dict(old)

    hold = TicketPutOnHold.model_validate_json(json.dumps(upcast("ticket.put_on_hold", 1, old)))

    assert old == before
    assert hold.waiting_for == (old.get("waiting_for") or "unknown")


# The document


@pytest.mark.parametrize("written", list(every_event()), ids=lambda written: written.type)
def test_what_is_written_is_read_again(written: Any) -> None:
    assert decode(written.type, written.encode()) == written
    assert decode(written.type, written.encode()).encode() == written.encode()


def test_what_a_newer_writer_added_is_left_alone_when_read() -> None:
    state = recorded(TicketPutOnHold(waiting_for="vendor"), "ticket/T-1").encode()
    data = {**json.loads(state)["data"], "mood": "calm"}

    read = decode("ticket.put_on_hold", changed(state, data=data, weather="fair"))

    assert read.data == TicketPutOnHold(waiting_for="vendor")


def test_what_a_publisher_invents_is_refused() -> None:
    with pytest.raises(ValidationError):
        TicketPutOnHold.model_validate({"waiting_for": "vendor", "mood": "calm"})


def test_a_document_under_the_name_of_another_event_is_refused() -> None:
    state = recorded(TicketResumed(), "ticket/T-1").encode()
    with pytest.raises(InvalidReport, match=r"stored as ticket\.reopened"):
        decode("ticket.reopened", state)


@pytest.mark.parametrize(
    "state", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b'{"schema_version":1,']
)
def test_bytes_that_are_no_document_are_refused(state: bytes) -> None:
    with pytest.raises(InvalidReport, match=r"stored ticket\.resumed cannot be read"):
        decode("ticket.resumed", state)


def test_what_happened_cannot_be_changed_in_memory_either() -> None:
    wrote = customer_wrote()
    with pytest.raises(ValidationError):
        wrote.actor = "agent/mia"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        wrote.data.body = "No."  # type: ignore[attr-defined]


def test_the_fold_goes_by_when_it_happened_and_then_by_position() -> None:
    later, first, second = logged(
        customer_wrote(occurred_at=MONDAY + timedelta(hours=1)), customer_wrote(), customer_wrote()
    )
    assert sorted([later, second, first], key=lambda one: one.happened) == [first, second, later]


# Times


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),  # noqa: DTZ001
    st.integers(-23, 23),
)
def test_a_time_is_written_in_utc_with_six_digits_and_nothing_is_lost(
    naive: datetime, hours: int
) -> None:
    time = naive.replace(tzinfo=timezone(timedelta(hours=hours)))

    written = json.loads(customer_wrote(occurred_at=time).encode())["occurred_at"]

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", written)
    assert datetime.fromisoformat(written) == time
    assert moment(micros(time)) == time
    assert written == rfc3339(time)


def test_the_times_inside_an_event_have_six_digits_too() -> None:
    hold = TicketPutOnHold(waiting_for="vendor", until=MONDAY)
    assert json.loads(recorded(hold, "ticket/T-1").encode())["data"]["until"].endswith(
        ":00.000000Z"
    )


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        customer_wrote(occurred_at=datetime(2026, 11, 2))  # noqa: DTZ001


@pytest.mark.parametrize("year", [1, 9999])
def test_a_time_that_no_utc_calendar_has_is_refused_in_words(year: int) -> None:
    offset = timedelta(hours=1 if year == 1 else -1)
    edge = datetime(year, 12 if year > 1 else 1, 31 if year > 1 else 1, tzinfo=timezone(offset))
    edge += timedelta(hours=23, minutes=59) if year > 1 else timedelta()
    with pytest.raises(ValidationError, match="outside the years 1 to 9999 in UTC"):
        customer_wrote(occurred_at=edge)


# Who and what an event names


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_free_text_is_sealed_and_every_other_text_is_of_a_known_form(model: type[Part]) -> None:
    for name, hint in get_type_hints(model, include_extras=True).items():
        if name in model.model_fields:
            _, notes, bare = _unwrap(hint)
            known = any(isinstance(note, (Seal, StringConstraints)) for note in notes)
            assert bare is not str or known, f"{name} is free text, and not sealed"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_person_an_event_is_about_is_one_of_its_contacts(model: type[Part]) -> None:
    contacts = [mark.field for mark in marks(model) if mark.reference == "contact"]
    assert model.ABOUT is None or model.ABOUT in contacts


def test_the_people_of_an_event_are_found_in_its_parts_in_order() -> None:
    call = InteractionLogged(
        kind="call",
        participants=(
            Participant(contact_id="jan"),
            Participant(user_id="tom", name="Tom"),
            Participant(contact_id="ana"),
            Participant(contact_id="jan"),
        ),
    )
    assert list(people_in(call)) == ["jan", "ana", "jan"]
    raised = TicketEscalationRaised(escalation_id="X", source="customer", by_contact_id="jan")
    assert list(people_in(raised)) == ["jan"]
    assert list(people_in(TicketResumed())) == []
    assert talked().subjects == ("jan-peeters",)
