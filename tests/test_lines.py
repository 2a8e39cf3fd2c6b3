"""Lines: one plain sentence for every event, and the slots in which people are named."""

import re
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import TYPES, Event, Recorded
from domain.events.base import Part, marks
from domain.events.ticket import (
    Assignee,
    TicketUpdated,
)
from projections.lines import ERASED, LINES, line_of
from projections.phrases import LONGEST, money, plain, span, when
from projections.slots import CLOSES, OPENS, SLOT, clean, clean_json, fill, slot
from tests.events import (
    assigned,
    at,
    customer_wrote,
    every_event,
    on_ticket,
    opened,
    promised,
    recorded,
    talked,
)

FORGED = f"{OPENS}staff/the-boss{CLOSES}"


def read(event: Recorded[Event]) -> str:
    """Say the line with people in angle brackets."""
    return SLOT.sub(lambda person: f"<{person[1].partition('/')[2]}>", line_of(event))


def test_every_event_has_a_line() -> None:
    assert set(LINES) == set(TYPES)


@pytest.mark.parametrize("event", list(every_event()), ids=lambda event: event.type)
def test_a_line_is_one_bounded_sentence(event: Recorded[Event]) -> None:
    line = read(event)

    assert line == " ".join(line.split())
    assert 5 < len(line) <= LONGEST
    assert line.isprintable()
    assert "None" not in line


def test_lines_read_well() -> None:
    assert read(opened()) == (
        '<jan-peeters> opened TCK-1182: "Playout drops frames" '
        "(severity 1, by phone, playout-server)"
    )
    assert read(opened(actor="agent/tom")).startswith("<tom> opened TCK-1182 for <jan-peeters>: ")
    assert read(assigned(handoff_note=None)) == (
        "Assigned to <mia> (Second line), before with <tom>"
    )
    assert read(customer_wrote()) == (
        '<jan-peeters> wrote: "Still dropping frames, now on channel 3 too."'
    )
    assert read(promised()) == ("Promised to <jan-peeters> by 3 Nov 17:00 UTC: Patch for the codec")
    assert read(talked()) == (
        "Incoming call with <jan-peeters>, <tom> (12 min): "
        "Asked for the logs again; Jan had sent them already."
    )


def test_what_is_not_known_is_left_out() -> None:
    assert read(promised(to_contact_id=None, due_at=None)) == "Promised: Patch for the codec"
    assert read(assigned(previous=Assignee(), to=Assignee(), handoff_note=None)) == (
        "Assigned to nobody"
    )
    assert read(customer_wrote(contact_id=None, actor="system/mail", body="Help!")) == (
        'The customer wrote: "Help!"'
    )
    assert read(on_ticket(TicketUpdated, changes=(), activity="Update")) == (
        "Saved, with no change that can be seen (Update)"
    )


def test_a_time_of_another_year_says_its_year() -> None:
    assert when(at("17:00", day=3), at("09:00")) == "3 Nov 17:00 UTC"
    assert when(at("17:00", day=3, month=1, year=2027), at("09:00")) == "3 Jan 2027 17:00 UTC"


def test_lengths_and_amounts_are_written_as_people_write_them() -> None:
    assert [span(s) for s in (20, 2280, 3600, 14700)] == ["20 s", "38 min", "1 h", "4 h 5 min"]
    assert money(Decimal(480000), "EUR") == "EUR 480,000"
    assert money(Decimal("99.50"), None) == "99.50"


def test_erased_text_is_said_without_quotation_marks() -> None:
    assert read(customer_wrote(body=ERASED)) == "<jan-peeters> wrote: [erased]"


def test_a_long_message_is_cut_and_a_short_one_is_not() -> None:
    long = read(customer_wrote(body="frames drop " * 10_000))

    assert long.endswith('…"')
    assert len(long) < 200


@pytest.mark.parametrize("steering", ["\x1b[31m", "\x07", "\u202e", "\x9b"])
def test_a_line_does_not_steer_a_terminal(steering: str) -> None:
    assert steering[0] not in line_of(customer_wrote(body=f"drops {steering} frames"))


@given(st.text(max_size=300))
def test_whatever_a_user_writes_becomes_one_printable_line(text: str) -> None:
    line = plain(text)

    assert len(line) <= 80
    assert not re.search("[\n\r\t\x00-\x1f\x7f-\x9f\ue000\ue001]", line)


@pytest.mark.parametrize("event", list(every_event()), ids=lambda event: event.type)
def test_no_text_of_a_user_forges_a_slot(event: Recorded[Event]) -> None:
    forging = event.data.model_validate(_forged(event.data))

    line = line_of(recorded(forging, event.stream_id, company=event.company_id))

    assert "staff/the-boss" not in SLOT.findall(line)
    assert FORGED not in line


def _forged(part: Part) -> dict[str, Any]:
    """Put a forged slot into every text that is not an id or a choice."""
    fields = dict(part)
    for name, value in fields.items():
        try:
            type(part).model_validate({**fields, name: FORGED})
        except ValueError:
            continue
        fields[name] = FORGED if value is None or isinstance(value, str) else value
    parts = {mark.field: mark for mark in marks(type(part)) if mark.part}
    for name, mark in parts.items():
        inner = fields[name]
        if mark.many and inner:
            fields[name] = tuple(_forged(one) for one in inner)
        elif inner and not mark.many:
            fields[name] = _forged(inner)
    return fields


def test_a_line_is_never_cut_within_a_slot() -> None:
    people = tuple({"user_id": f"{'long-' * 20}{n}"} for n in range(9))

    line = line_of(talked(participants=people, summary="x" * 300))

    assert line.count(OPENS) == line.count(CLOSES) == len(SLOT.findall(line)) > 0


def test_slots_are_filled_with_names_on_reading() -> None:
    asked: list[set[str]] = []

    def names(people: set[str]) -> dict[str, str]:
        asked.append(people)
        return {"contact/jan-peeters": 'Jan "the Ox" Peeters'}

    document = orjson.dumps([slot("contact", "jan-peeters"), slot("staff", "mia")] * 2)

    assert orjson.loads(fill(document, names)) == ['Jan "the Ox" Peeters', "mia"] * 2
    assert asked == [{"contact/jan-peeters", "staff/mia"}]


def test_nobody_is_asked_where_no_slot_is() -> None:
    def nobody(_: set[str]) -> dict[str, str]:
        raise AssertionError

    for document in (b'{"text":"plain"}', '{"text":"\ue002 \uffff"}'.encode()):
        assert fill(document, nobody) == document


def test_a_name_that_looks_like_a_slot_is_not_filled_again() -> None:
    filled = fill(slot("staff", "mia").encode(), lambda _: {"staff/mia": slot("staff", "tom")})

    assert filled == slot("staff", "tom").encode()


def test_forged_slots_are_taken_out_of_text_and_json() -> None:
    assert clean(FORGED) == "\ufffdstaff/the-boss\ufffd"
    assert clean_json(orjson.dumps({"body": FORGED})) == orjson.dumps({"body": clean(FORGED)})
