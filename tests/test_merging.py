"""Merges and splits as readers see them: joined when read, and exactly undone."""

from typing import Any

import pytest

from projections.timeline_filter import Filter
from services.reading import Reading
from services.security import local
from tests.served import ACME, OTHER, Served, served
from tests.test_api_replay import bare

__all__ = ["served"]

TIMELINE = f"/v1/companies/{ACME}/timeline"
Told = dict[str, Any]


def opened(served: Served, ticket: str, company: str = ACME, **known: Any) -> Told:
    known = {"time": "2026-11-20T09:00:00Z", "subject": f"About {ticket}", **known}
    return served.event("ticket.opened", f"ticket/{ticket}", company=company, **known)


def wrote(served: Served, ticket: str, time: str, body: str = "Still so.") -> Told:
    return served.event("ticket.customer_message_received", f"ticket/{ticket}",
                        time=f"2026-11-20T{time}:00Z", visibility="public", body=body)  # fmt: skip


def merged(served: Served, ticket: str, kept: str, time: str = "10:00") -> str:
    """Merge two tickets; return the event's id."""
    told = served.event("ticket.merged", f"ticket/{ticket}", kept_id=kept,
                        time=f"2026-11-20T{time}:00Z")  # fmt: skip
    return published(served, told)


def published(served: Served, told: Told) -> str:
    answer = served.post(told)
    assert answer.status_code == 201, answer.text
    served.deployment.catch_up()
    return str(answer.json()["event_id"])


def reverted(served: Served, ticket: str, merge: str, time: str = "12:00") -> None:
    served.publish(served.event("ticket.merge_reverted", f"ticket/{ticket}", merge_event_id=merge,
                                time=f"2026-11-20T{time}:00Z"))  # fmt: skip


def entries(served: Served, ticket: str, path: str = TIMELINE, **asked: Any) -> list[str]:
    found = served.read(path, ticket=ticket, limit=200, **asked)["entries"]
    return [entry["event_id"] for entry in found]


def replayed(served: Served, ticket: str) -> list[str]:
    steps = served.read(f"/v1/tickets/{ticket}/replay", limit=200)["steps"]
    return [step["event"]["event_id"] for step in steps]


def listed(served: Served, company: str = ACME, **asked: Any) -> dict[str, Told]:
    found = served.read(f"/v1/companies/{company}/tickets", limit=1000, **asked)["tickets"]
    assert len({ticket["ticket_id"] for ticket in found}) == len(found)
    return {ticket["ticket_id"]: ticket for ticket in found}


@pytest.fixture
def two(served: Served) -> Served:
    """The story, and two tickets with a message each."""
    served.publish(opened(served, "M-1"), wrote(served, "M-1", "09:10"))
    served.publish(opened(served, "M-2"), wrote(served, "M-2", "09:20"))
    return served


def test_a14_a_reply_to_a_merged_ticket_lands_once_in_the_kept_one_until_that_is_reverted(
    two: Served,
) -> None:
    own = {ticket: entries(two, ticket) for ticket in ("M-1", "M-2")}
    states = {ticket: two.read(f"/v1/tickets/{ticket}") for ticket in own}

    merge = merged(two, "M-2", "M-1")
    reply = published(two, wrote(two, "M-2", "11:00"))

    for found in (entries(two, "M-1"), replayed(two, "M-1")):
        assert sorted(found) == sorted((*own["M-1"], *own["M-2"], merge, reply))
    assert entries(two, "M-2") == replayed(two, "M-2") == [*own["M-2"], merge, reply]
    tickets = listed(two)
    assert "M-2" not in tickets
    assert tickets["M-1"]["absorbed"] == ["M-2"]
    assert tickets["M-1"]["counts"]["customer_messages"] == 3
    whole = two.read("/v1/tickets/M-1")
    assert (whole["counts"]["customer_messages"], whole["status"]) == (3, "new")
    replay = two.read("/v1/tickets/M-1/replay", limit=200)
    assert replay["steps"][-1]["whole"] == bare(whole)

    reverted(two, "M-2", merge)
    later = published(two, wrote(two, "M-2", "13:00"))

    assert entries(two, "M-1") == replayed(two, "M-1") == own["M-1"]
    assert entries(two, "M-2")[:4] == replayed(two, "M-2")[:4] == [*own["M-2"], merge, reply]
    assert entries(two, "M-2")[-1] == later
    assert two.read("/v1/tickets/M-1") == states["M-1"]
    tickets = listed(two)
    assert (tickets["M-1"]["absorbed"], tickets["M-2"]["absorbed"]) == ([], [])
    before = states["M-2"]["counts"]["customer_messages"]
    assert tickets["M-2"]["counts"]["customer_messages"] == before + 2


def test_as_of_before_and_known_at_between_say_what_was_one_then(two: Served) -> None:
    own = {ticket: entries(two, ticket) for ticket in ("M-1", "M-2")}
    merge = merged(two, "M-2", "M-1")
    between = two.read(TIMELINE)["position"]
    reverted(two, "M-2", merge)

    assert entries(two, "M-1", as_of="2026-11-20T09:59:00Z") == own["M-1"]
    assert len(entries(two, "M-1", as_of="2026-11-20T10:30:00Z")) == 5
    assert len(entries(two, "M-1", known_at=between)) == 5
    assert entries(two, "M-1") == own["M-1"]


def test_a_pass_that_began_before_a_merge_goes_on_as_it_began(two: Served) -> None:
    first = two.read(TIMELINE, ticket="M-1", limit=1)
    merged(two, "M-2", "M-1", "09:05")

    rest = two.read(TIMELINE, ticket="M-1", after=first["next"])

    assert [entry["ticket_id"] for entry in rest["entries"]] == ["M-1"]


def test_merges_of_merges_are_followed_and_each_entry_is_there_once(two: Served) -> None:
    two.publish(opened(two, "M-3"))
    merged(two, "M-2", "M-1")
    merged(two, "M-1", "M-3", "10:10")

    assert len(entries(two, "M-3")) == len(set(entries(two, "M-3"))) == 7
    assert two.read("/v1/tickets/M-3")["absorbed"] == ["M-1", "M-2"]
    both = two.read(TIMELINE, ticket=["M-3", "M-2"], limit=200)["entries"]
    assert len(both) == 7


def test_a_kept_ticket_that_moves_to_another_company_still_holds_what_went_into_it(
    two: Served,
) -> None:
    merged(two, "M-2", "M-1")
    two.publish(two.event("ticket.moved_away", "ticket/M-1", to_company=OTHER,
                          time="2026-11-20T10:30:00Z"))  # fmt: skip
    published(two, wrote(two, "M-2", "11:00"))

    whole = two.read("/v1/tickets/M-1~2")

    assert (whole["ticket_id"], whole["absorbed"]) == ("M-1~2", ["M-2"])
    assert whole["counts"]["customer_messages"] == 3
    assert replayed(two, "M-1") == replayed(two, "M-1~2")
    assert len(replayed(two, "M-1")) == len(entries(two, "M-1")) + 1
    alone = two.read("/v1/tickets/M-1", "acme-agent")
    assert alone["counts"]["customer_messages"] == 3


def test_a_customer_sees_each_ticket_as_it_was_opened(two: Served) -> None:
    merged(two, "M-2", "M-1")

    assert len(two.read(TIMELINE, "customer", ticket="M-1")["entries"]) == 2
    assert len(two.read("/v1/tickets/M-1/replay", "customer")["steps"]) == 2
    tickets = two.read(f"/v1/companies/{ACME}/tickets", "customer")["tickets"]
    assert {"M-1", "M-2"} <= {ticket["ticket_id"] for ticket in tickets}


def test_what_is_split_off_is_shown_in_the_new_ticket_and_not_in_the_old_one(two: Served) -> None:
    sound = published(two, wrote(two, "M-1", "09:30", "And the sound lags."))
    own = entries(two, "M-1")

    split = published(two, two.event(
        "ticket.split", "ticket/M-1", new_ticket_id="M-9", moved_event_ids=[sound],
        subject="Sound lags", time="2026-11-20T10:00:00Z",
    ))  # fmt: skip

    assert entries(two, "M-1") == [e for e in own if e != sound] + [split]
    there = two.read(TIMELINE, ticket="M-9")["entries"]
    assert [entry["type"] for entry in there] == [
        "ticket.customer_message_received", "ticket.opened", "ticket.linked",
    ]  # fmt: skip
    assert there[0]["event_id"] == sound
    assert entries(two, "M-1", as_of="2026-11-20T09:59:00Z") == own
    both = two.read(TIMELINE, ticket=["M-1", "M-9"], limit=200)["entries"]
    assert len(both) == len({entry["event_id"] for entry in both}) == len(own) + 3


# Companies


def united(served: Served, kept: str, absorbed: str) -> str:
    return published(served, served.event(
        "company.merged", f"company/{absorbed}", kept_id=kept, absorbed_id=absorbed,
        time="2026-11-21T09:00:00Z",
    ))  # fmt: skip


def whole_timeline(served: Served, company: str, who: str = "auditor", **asked: Any) -> list[str]:
    path = f"/v1/companies/{company}/timeline"
    page = served.read(path, who, limit=100, **asked)
    found = page["entries"]
    while page["next"]:
        page = served.read(path, who, limit=100, after=page["next"], **asked)
        found += page["entries"]
    return [entry["event_id"] for entry in found]


def test_merged_companies_are_one_until_that_is_reverted(served: Served) -> None:
    own = {company: whole_timeline(served, company) for company in (ACME, OTHER)}
    tickets = {company: listed(served, company) for company in own}
    people = {c: served.read(f"/v1/companies/{c}")["contacts"] for c in own}

    merge = united(served, ACME, OTHER)

    one = whole_timeline(served, ACME)
    assert len(one) == len(set(one)) == len(own[ACME]) + len(own[OTHER]) + 2
    assert one == whole_timeline(served, ACME, order="desc")[::-1]
    assert listed(served).keys() == tickets[ACME].keys() | tickets[OTHER].keys()
    company = served.read(f"/v1/companies/{ACME}")
    assert company["absorbed"] == [OTHER]
    assert {p["contact_id"] for p in company["contacts"]} == {
        p["contact_id"] for found in people.values() for p in found
    }
    assert whole_timeline(served, OTHER)[:-1] == own[OTHER]
    assert served.read(f"/v1/companies/{OTHER}")["merged_into"] == ACME

    served.publish(served.event(
        "company.merge_reverted", f"company/{OTHER}", merge_event_id=merge,
        time="2026-11-21T10:00:00Z",
    ))  # fmt: skip

    for name, before in own.items():
        assert whole_timeline(served, name)[: len(before)] == before
        assert len(whole_timeline(served, name)) == len(before) + 2
        assert listed(served, name) == tickets[name]
        assert served.read(f"/v1/companies/{name}")["contacts"] == people[name]


def test_of_a_merged_company_each_reads_what_they_have_a_right_to(served: Served) -> None:
    own = whole_timeline(served, ACME, "acme-agent")
    public = whole_timeline(served, ACME, "customer")
    united(served, ACME, OTHER)

    assert len(whole_timeline(served, ACME, "acme-agent")) == len(own) + 1
    assert whole_timeline(served, ACME, "customer") == public
    assert whole_timeline(served, ACME, "customer", roll_up=True) == public
    assert served.read(f"/v1/companies/{ACME}", "acme-agent")["absorbed"] == []
    assert served.read(f"/v1/companies/{ACME}/tickets", "customer")["total"] == 13


def test_a35_a_parent_includes_its_subsidiaries_once_where_it_is_rolled_up(served: Served) -> None:
    def adopted(company: str, parent: str) -> Told:
        return served.event("company.parent_set", f"company/{company}", parent_company_id=parent,
                            time="2026-11-21T09:00:00Z")  # fmt: skip

    served.publish(
        served.event("company.registered", "company/media-group", name="Media Group",
                     time="2026-11-01T09:00:00Z"),
        adopted(ACME, "media-group"),
        adopted(OTHER, "media-group"),
    )  # fmt: skip
    parts = [whole_timeline(served, company) for company in (ACME, OTHER)]

    alone = whole_timeline(served, "media-group")
    rolled = whole_timeline(served, "media-group", roll_up=True)

    assert len(alone) == 3
    assert sorted(rolled) == sorted((*alone, *parts[0], *parts[1]))
    assert served.read("/v1/companies/media-group")["subsidiaries"] == [ACME, OTHER]
    assert served.read(f"/v1/companies/{ACME}")["parent_company_id"] == "media-group"
    assert listed(served, "media-group") == {}
    assert len(listed(served, "media-group", roll_up=True)) == len(
        listed(served).keys() | listed(served, OTHER).keys()
    )
    people = served.read("/v1/companies/media-group", roll_up=True)["contacts"]
    assert len(people) > 5
    assert not served.read("/v1/companies/media-group")["contacts"]


def test_a_key_of_one_company_does_not_merge_it_with_another(served: Served) -> None:
    told = served.event("company.merged", f"company/{ACME}", kept_id=ACME, absorbed_id=OTHER)
    assert served.post(told, who="acme-publisher").status_code == 403

    merge = united(served, ACME, OTHER)
    undo = served.event("company.merge_reverted", f"company/{OTHER}", merge_event_id=merge)

    assert served.post(undo, who="acme-publisher").status_code == 403


def test_who_follows_a_company_hears_of_what_it_absorbed(served: Served) -> None:
    united(served, ACME, OTHER)
    reading = Reading(served.deployment, local())
    since = reading.position("timeline")

    told = published(served, opened(served, "O-1", OTHER))

    (arrival,) = reading.since(ACME, Filter(), since)
    assert told in arrival.entry.decode()


# People


def test_two_records_of_one_person_are_one_person_until_that_is_reverted(served: Served) -> None:
    served.publish(
        served.event("contact.registered", "contact/j-peeters", name="J. Peeters",
                     emails=["j.peeters@mail.example"]),
        served.event("company.contact_affiliated", f"company/{ACME}", contact_id="j-peeters"),
        opened(served, "P-1", requester_id="j-peeters"),
    )  # fmt: skip
    before = served.read(f"/v1/companies/{ACME}")["contacts"]
    jan = next(person for person in before if person["contact_id"] == "jan-peeters")

    merge = published(served, served.event(
        "contact.merged", "contact/j-peeters", kept_id="jan-peeters"
    ))  # fmt: skip

    people = {p["contact_id"]: p for p in served.read(f"/v1/companies/{ACME}")["contacts"]}
    assert "j-peeters" not in people
    assert people["jan-peeters"]["absorbed"] == ["j-peeters"]
    assert people["jan-peeters"]["name"] == jan["name"]
    assert set(people["jan-peeters"]["emails"]) == {*jan["emails"], "j.peeters@mail.example"}
    of_jan = served.read(TIMELINE, contact="jan-peeters", limit=200)["entries"]
    assert "P-1" in {entry["ticket_id"] for entry in of_jan}
    (entry,) = (e for e in of_jan if e["ticket_id"] == "P-1")
    assert entry["contact_id"] == "j-peeters"

    served.publish(served.event(
        "contact.merge_reverted", "contact/j-peeters", merge_event_id=merge
    ))  # fmt: skip

    assert served.read(f"/v1/companies/{ACME}")["contacts"] == before
