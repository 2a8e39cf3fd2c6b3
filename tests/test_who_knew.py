"""Who knew what when: what an agent could see, had opened and was shown before a reply."""

from typing import Any
from uuid import uuid4

import pytest

from domain.errors import QueryRefused
from services.reading import NotFound
from services.security import Denied
from services.witness import Asked
from tests import witnesses
from tests.reports import (
    ACME,
    TICKET,
    at,
    moved,
    noted,
    opened,
    registered,
    replied,
    talked,
    wrote,
)
from tests.witnesses import Told

told = witnesses.told

MIA = "agent/mia"


def asked(told: Told, position: int, who: str = "eve", **more: Any) -> dict[str, Any]:
    return told.by(who).who_knew(TICKET, Asked(told.event_at(position), **more))


def of(found: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Find the entries of an answer by their positions."""
    return {entry["position"]: entry for entry in found["entries"]}


def test_a26_a_call_that_was_logged_after_the_reply_had_occurred_and_was_not_known(
    told: Told,
) -> None:
    opening, reply = told.tell(opened(at=at("09:00")), replied(at=at("11:00"), actor=MIA))
    (call,) = told.tell(talked(at=at("10:00"), actor="agent/tom", company=ACME))

    happened, recorded = asked(told, reply), asked(told, reply, clock="recorded")

    assert happened["agent"] == "mia"
    assert [*of(happened)] == [call, opening]
    late = of(happened)[call]
    assert (late["had_occurred"], late["was_known"], late["learned_later"]) == (True, False, True)
    assert (late["could_see"], late["opened"]) == ("none", None)
    assert [*of(recorded)] == [opening]
    assert of(recorded)[opening]["learned_later"] is False
    assert happened["counts"] == {"had_occurred": 2, "was_known": 1, "learned_later": 1}


def test_what_was_recorded_but_happens_after_a_late_reply_is_told_by_the_recorded_clock(
    told: Told,
) -> None:
    opening, later = told.tell(opened(at=at("09:00")), wrote(at=at("12:00")))
    (reply,) = told.tell(replied(at=at("11:00"), actor=MIA))

    assert [*of(asked(told, reply))] == [opening]
    known = of(asked(told, reply, clock="recorded"))
    assert [(known[p]["had_occurred"], known[p]["was_known"]) for p in (later, opening)] == [
        (False, True), (True, True),
    ]  # fmt: skip


def test_what_an_agent_had_opened_is_joined_from_the_read_audit(told: Told) -> None:
    first, second = told.tell(opened(at=at("09:00")), wrote(at=at("10:00")))
    list(told.by("mia").replay(TICKET))
    third, reply = told.tell(wrote(at=at("10:30")), replied(at=at("11:00"), actor=MIA))
    list(told.by("mia").replay(TICKET))  # too late

    entries = of(asked(told, reply))

    assert [entries[p]["opened"]["of"] for p in (first, second)] == ["ticket", "ticket"]
    assert entries[second]["opened"]["as_of_position"] == second
    assert entries[third]["opened"] is None
    assert {entry["could_see"] for entry in entries.values()} == {"full"}
    assert of(asked(told, reply, agent="tom"))[first]["opened"] is None


def test_a_look_at_the_company_counts_where_there_is_none_at_the_ticket(told: Told) -> None:
    (first,) = told.tell(opened(at=at("09:00")))
    told.by("mia").tickets(ACME)
    second, reply = told.tell(wrote(at=at("10:30")), replied(at=at("11:00"), actor=MIA))

    entries = of(asked(told, reply))

    assert entries[first]["opened"]["of"] == "company"
    assert entries[second]["opened"] is None


def test_who_was_only_told_what_is_on_file_did_not_open_the_ticket(told: Told) -> None:
    (first,) = told.tell(opened(at=at("09:00")))
    told.by("mia").on_file(TICKET, "os_version")
    (reply,) = told.tell(replied(at=at("11:00"), actor=MIA))

    assert of(asked(told, reply))[first]["opened"] is None


def test_what_a_reply_says_its_writer_had_seen_is_shown(told: Told) -> None:
    first, second = told.tell(opened(at=at("09:00")), wrote(at=at("10:00")))
    silent, reply = told.tell(
        replied(at=at("10:30"), actor=MIA, seen_position=None),
        replied(at=at("11:00"), actor=MIA, seen_position=first),
    )

    entries = of(asked(told, reply))

    assert [entries[p]["shown"] for p in (first, second)] == [True, False]
    assert entries[silent]["own"] is True
    assert of(asked(told, silent))[first]["shown"] is None


def test_what_is_restricted_is_redacted_for_who_asks_and_for_the_agent_asked_about(
    told: Told,
) -> None:
    told.tell(opened(at=at("09:00")))
    note, reply = told.tell(
        noted(at=at("10:00"), note="zwaluw", visibility="restricted", actor="agent/boss"),
        replied(at=at("11:00"), actor=MIA),
    )

    found = asked(told, reply)
    full = told.by("ada", "auditor").who_knew(TICKET, Asked(told.event_at(reply)))

    assert (of(found)[note]["redacted"], of(found)[note]["could_see"]) == (True, "redacted")
    assert "zwaluw" not in str(found)
    assert "boss" not in str(found)
    assert "zwaluw" in of(full)[note]["text"]
    assert of(full)[note]["could_see"] == "redacted"


def test_the_rights_of_an_agent_are_those_of_the_key_with_that_name(told: Told) -> None:
    told.deployment.keys.create("mia", "agent", ["borealis"])
    told.deployment.keys.create("kim", "auditor")
    first, note, reply = told.tell(
        opened(at=at("09:00")), noted(at=at("10:00"), visibility="restricted"),
        replied(at=at("11:00"), actor=MIA),
    )  # fmt: skip

    mia, kim, tom = (asked(told, reply, agent=name) for name in ("mia", "kim", "tom"))

    assert of(mia)[first]["could_see"] == "redacted"
    assert (of(kim)[note]["could_see"], of(tom)[note]["could_see"]) == ("full", "redacted")
    assert [found["rights"]["assumed"] for found in (mia, kim, tom)] == [False, False, True]


def test_a_long_answer_is_given_in_parts(told: Told) -> None:
    told.tell(opened(at=at("09:00")), *(wrote(at=at(f"09:{n + 1:02}")) for n in range(7)))
    (reply,) = told.tell(replied(at=at("11:00"), actor=MIA))
    whole = [entry["position"] for entry in asked(told, reply)["entries"]]

    parts, after = [], 0
    while after is not None:
        found = asked(told, reply, limit=3, after=after)
        parts += [entry["position"] for entry in found["entries"]]
        after = found["after"]

    assert parts == whole
    assert len(whole) == found["total"] == 8


def test_a_moved_ticket_is_one_and_what_is_out_of_reach_is_redacted(told: Told) -> None:
    told.tell(registered("borealis"), opened(at=at("09:00")), wrote(at=at("09:30"), body="zwaluw"))
    told.tell(moved(at=at("10:00"), to="borealis"))
    (reply,) = told.tell(replied(at=at("11:00"), actor=MIA))

    whole = asked(told, reply)
    part = told.by("bo", "agent", "borealis").who_knew(TICKET, Asked(told.event_at(reply)))

    assert len(whole["entries"]) == len(part["entries"]) == 4
    assert [entry["redacted"] for entry in part["entries"]] == [False, True, True, True]
    assert "zwaluw" not in str(part)


def test_who_asks_in_vain_is_told_why(told: Told) -> None:
    wrong, right, elsewhere = told.tell(
        opened(at=at("09:00")), replied(at=at("11:00"), actor=MIA), registered("borealis")
    )
    event = told.event_at(right)

    with pytest.raises(QueryRefused, match="name an agent"):
        asked(told, wrong)
    with pytest.raises(Denied):
        told.customer().who_knew(TICKET, Asked(event))
    there, nowhere = told.event_at(elsewhere), uuid4()
    bound = told.by("bo", "agent", "borealis")
    for witness, event_id in ((told.by(), nowhere), (told.by(), there), (bound, event)):
        with pytest.raises(NotFound):
            witness.who_knew(TICKET, Asked(event_id))
        with pytest.raises(NotFound):
            witness.ticket_of(event_id)
    assert told.by().ticket_of(event) == TICKET


def test_that_somebody_asked_who_knew_is_on_record(told: Told) -> None:
    _, reply = told.tell(opened(at=at("09:00")), replied(at=at("11:00"), actor=MIA))
    head = told.deployment.log.head()

    asked(told, reply)

    (look,) = told.deployment.log.after(head)
    assert b'"viewer_id":"eve"' in look.state
