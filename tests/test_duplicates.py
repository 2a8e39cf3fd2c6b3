"""Duplicates: a new ticket about the trouble of an open one is suspected, and why is said."""

import pytest

from domain.events import decode
from tests.reports import at, closed, merged, registered, replied, resolved, united, wrote
from tests.troubles import (
    ANA,
    FIRST,
    JAN,
    SECOND,
    acme,
    again,
    dismissed,
    joined,
    suspicions,
    trouble,
)
from tests.watched import Watched, watched

__all__ = ["watched"]


def test_a13_a_second_contact_joins_the_open_ticket(watched: Watched) -> None:
    watched.tell(*acme(), trouble(), wrote(FIRST, contact_id=JAN, body="Every few seconds."))
    watched.watch()

    watched.tell(again(), wrote(SECOND, contact_id=ANA, body="Frames drop!", at=at("10:01")))
    watched.watch()

    (found,) = suspicions(watched)
    why = dict(zip(found.signals, found.weights, strict=True))
    assert found.candidate_ticket_id == FIRST
    assert found.score == sum(why.values()) >= 80
    assert why.keys() == {
        "similar_text", "same_installation", "same_product", "opened_within_a_day",
        "other_reporter",
    }  # fmt: skip
    assert "ticket.agent_replied" not in watched.types(SECOND)

    watched.tell(joined(FIRST, ANA), merged(SECOND, FIRST, at=at("10:06")))
    for contact in (JAN, ANA):
        watched.tell(replied(FIRST, contact_id=contact, body="A patch comes.", at=at("10:10")))
    watched.watch()

    state = watched.reading.ticket(FIRST)
    assert (state["requester_id"], state["reporters"]) == (JAN, [ANA])
    assert state["absorbed"] == [SECOND]
    assert state["counts"]["agent_replies"] == 2
    brief = watched.reading.handoff(FIRST)
    assert (brief["requester_id"], brief["reporters"]) == (JAN, [ANA])
    assert len(suspicions(watched)) == 1


def test_another_trouble_of_the_same_company_is_none(watched: Watched) -> None:
    watched.tell(*acme(), trouble())

    watched.tell(again(subject="Licence key for the archive expired", at=at("09:01")))
    watched.watch()

    assert suspicions(watched) == []


def test_another_company_is_never_named(watched: Watched) -> None:
    watched.tell(*acme(), registered("borealis"), trouble())

    watched.tell(again(company="borealis", installation_ids=(), requester_id=None))
    watched.watch()

    assert suspicions(watched) == []


def test_the_same_error_code_tells_where_the_words_do_not(watched: Watched) -> None:
    said = "Nothing is exported"
    watched.tell(*acme(), trouble(subject="Black screen", description="The log says ERR-42."))

    watched.tell(again(subject=said, description="err_42 wherever one looks; also ERR-42"))
    watched.watch()

    (found,) = suspicions(watched)
    assert {"same_error_code", "same_installation"} <= set(found.signals)
    assert "similar_text" not in found.signals


def test_what_the_first_message_says_counts_too(watched: Watched) -> None:
    body = "Frames are dropped on the playout, every few seconds."
    watched.tell(*acme(), trouble())
    watched.tell(again(subject=None))
    watched.watch()
    assert suspicions(watched) == []

    watched.tell(wrote(SECOND, contact_id=ANA, body=body, at=at("10:01")))
    watched.watch()

    assert [found.candidate_ticket_id for found in suspicions(watched)] == [FIRST]


def test_nothing_is_suspected_once_an_agent_has_replied(watched: Watched) -> None:
    body = "Frames are dropped on the playout."
    watched.tell(*acme(), trouble(), again(subject=None), replied(SECOND, at=at("10:01")))

    watched.tell(wrote(SECOND, contact_id=ANA, body=body, at=at("10:02")))
    watched.watch()

    assert suspicions(watched) == []


def test_a_ticket_that_was_done_long_ago_is_none(watched: Watched) -> None:
    week = {"at": at("09:00", day=3)}
    watched.tell(*acme(), trouble(), resolved(FIRST, **week), closed(FIRST, **week))

    watched.tell(again(at=at("09:00", day=9)), again("TCK-3", at=at("09:00", day=12), subject="x"))
    watched.watch()

    assert [found.candidate_ticket_id for found in suspicions(watched)] == [FIRST]
    assert suspicions(watched, "TCK-3") == []


def test_what_goes_on_inside_another_ticket_leads_to_that_one(watched: Watched) -> None:
    watched.tell(*acme(), trouble("TCK-0", subject="Cannot export"), trouble())
    watched.tell(merged(FIRST, "TCK-0", at=at("09:30")))

    watched.tell(again())
    watched.watch()

    assert [found.candidate_ticket_id for found in suspicions(watched)] == ["TCK-0"]


def test_companies_that_are_one_are_looked_through_together(watched: Watched) -> None:
    watched.tell(*acme(), registered("acme-north"), trouble(company="acme-north"))
    watched.tell(united("acme", "acme-north", at=at("09:30")))

    watched.tell(again())
    watched.watch()

    assert [found.candidate_ticket_id for found in suspicions(watched)] == [FIRST]


def test_a_restricted_ticket_is_named_and_nothing_of_it(watched: Watched) -> None:
    """Who may not read it learns that there is one; words cannot be tried against it."""
    watched.tell(*acme(), trouble(visibility="restricted"))

    watched.tell(again(), again("TCK-3", installation_ids=(), at=at("10:01")))
    watched.watch()

    (found,) = suspicions(watched)
    assert (found.score, found.signals, found.weights) == (None, ("restricted_ticket",), ())
    assert FIRST not in {s.candidate_ticket_id for s in suspicions(watched, "TCK-3")}


def test_restricted_text_of_a_ticket_that_may_be_read_counts_for_nothing(watched: Watched) -> None:
    watched.tell(*acme(), trouble(subject="A question"))
    watched.tell(wrote(FIRST, visibility="restricted", body="Playout drops frames again"))

    watched.tell(again())
    watched.watch()

    assert suspicions(watched) == []


def test_what_is_suspected_of_a_restricted_ticket_is_restricted_and_says_no_more(
    watched: Watched,
) -> None:
    watched.tell(*acme(), trouble(), again(visibility="restricted"))
    watched.tell(trouble("TCK-9", subject="Cannot export", at=at("09:01")))
    watched.watch()

    rows = watched.deployment.log.of_stream(f"ticket/{SECOND}")
    assert [decode(row.type, row.state).visibility for row in rows] == ["restricted", "restricted"]
    (found,) = suspicions(watched)
    assert (found.candidate_ticket_id, found.score) == (FIRST, None)
    assert found.signals == ("restricted_ticket",)


@pytest.mark.parametrize("at_ticket", [FIRST, SECOND])
def test_a_pair_that_was_dismissed_is_not_suspected_again(watched: Watched, at_ticket: str) -> None:
    watched.tell(*acme(), trouble(), again())
    watched.watch()
    other = SECOND if at_ticket == FIRST else FIRST
    watched.tell(dismissed(at_ticket, other))

    watched.tell(wrote(SECOND, contact_id=ANA, body="Frames drop on playout!", at=at("10:09")))
    watched.watch()

    assert len(suspicions(watched)) == 1


def test_imported_tickets_cause_none(watched: Watched) -> None:
    watched.tell(*acme(), trouble(imported=True), again(imported=True))
    watched.watch()

    assert suspicions(watched) == []
