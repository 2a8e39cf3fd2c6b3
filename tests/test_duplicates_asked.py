"""Suspicions as they are asked for: what stands, what is found now, and who is told."""

import pytest

from domain.events.ticket import TicketLinked
from services.reading import NotFound
from services.security import Denied, Identity, Role
from services.witness import Witness
from tests.reports import at, happened, merged, registered, united, wrote
from tests.troubles import (
    ANA,
    FIRST,
    JAN,
    SECOND,
    acme,
    again,
    dismissed,
    suspicions,
    trouble,
)
from tests.watched import Watched, watched

__all__ = ["watched"]


def test_what_stands_is_told_with_why_until_it_is_answered(watched: Watched) -> None:
    watched.tell(*acme(), trouble(), again(), again("TCK-3", at=at("10:30")))
    watched.watch()
    reading = watched.reading

    def pairs(**asked: bool) -> list[tuple[str, str, str]]:
        found = reading.duplicates("acme", **asked)["duplicates"]
        return sorted((d["ticket_id"], d["candidate_ticket_id"], d["state"]) for d in found)

    assert pairs() == [
        (SECOND, FIRST, "suspected"), ("TCK-3", FIRST, "suspected"), ("TCK-3", SECOND, "suspected"),
    ]  # fmt: skip
    one = next(
        d for d in reading.duplicates_of(SECOND)["duplicates"] if d["candidate_ticket_id"] == FIRST
    )
    assert one["score"] == sum(signal["weight"] for signal in one["signals"])
    assert (one["ticket"]["requester_id"], one["candidate"]["requester_id"]) == (ANA, JAN)
    assert len(one["event_ids"]) == 1

    watched.tell(merged(SECOND, FIRST, at=at("10:40")), dismissed("TCK-3", FIRST, at=at("10:41")))

    assert pairs() == []
    assert pairs(dismissed=True) == [("TCK-3", FIRST, "dismissed")]
    assert reading.duplicates_of("TCK-3")["duplicates"] == []
    watched.tell(wrote("TCK-3", body="Frames drop on playout!", at=at("10:50")))
    watched.watch()
    assert len(suspicions(watched, "TCK-3")) == 2


def test_imported_tickets_are_compared_when_it_is_asked(watched: Watched) -> None:
    watched.tell(*acme(), trouble(imported=True), again(imported=True))
    watched.watch()

    (found,) = watched.reading.duplicates_of(SECOND)["duplicates"]

    assert (found["candidate_ticket_id"], found["state"], found["at"]) == (FIRST, "found", None)
    assert set(found["shared"]) == {"fram", "drop", "playout"}
    assert watched.reading.duplicates("acme")["duplicates"] == []


def test_a_link_as_a_duplicate_is_an_answer(watched: Watched) -> None:
    watched.tell(*acme(), trouble(), again())
    watched.watch()

    watched.tell(
        happened(
            TicketLinked, f"ticket/{SECOND}", other_ticket_id=FIRST, relation="duplicate",
            system=None, at=at("10:30"),
        )
    )  # fmt: skip

    assert watched.reading.duplicates("acme")["duplicates"] == []


def reader(watched: Watched, *companies: str, role: Role = "agent") -> Witness:
    who = Identity("mia", frozenset({role}), frozenset(companies) if companies else None)
    return Witness(watched.deployment, who)


def test_an_agent_is_warned_of_a_ticket_that_they_may_not_read(watched: Watched) -> None:
    """C3: that there is one is told; what is in it is not."""
    watched.tell(*acme(), trouble(visibility="restricted"), again())
    watched.watch()

    (told,) = reader(watched).duplicates("acme")["duplicates"]
    (found,) = reader(watched).duplicates_of(SECOND)["duplicates"]
    full = reader(watched, role="auditor").duplicates_of(SECOND, dismissed=True)["duplicates"]

    assert told["candidate_ticket_id"] == found["candidate_ticket_id"] == FIRST
    assert [signal["name"] for signal in told["signals"]] == ["restricted_ticket"]
    assert (told["score"], told["shared"]) == (None, [])
    assert "Frames" not in str(told["candidate"])
    assert [d["candidate"]["subject"] for d in full] == ["Frames dropped on playout"]


def test_a_company_out_of_reach_is_not_compared(watched: Watched) -> None:
    watched.tell(*acme(), registered("acme-north"))
    watched.tell(trouble(company="acme-north", imported=True), again(imported=True))
    watched.tell(united("acme", "acme-north", at=at("09:30")))

    assert reader(watched, "acme").duplicates_of(SECOND)["duplicates"] == []
    assert len(reader(watched).duplicates_of(SECOND)["duplicates"]) == 1
    with pytest.raises(NotFound):
        reader(watched, "acme").duplicates_of(FIRST)


def test_a_customer_is_told_nothing(watched: Watched) -> None:
    watched.tell(*acme(), trouble(), again())
    customer = reader(watched, "acme", role="customer")

    with pytest.raises(Denied):
        customer.duplicates("acme")
    with pytest.raises(Denied):
        customer.duplicates_of(SECOND)
