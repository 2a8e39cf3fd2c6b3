"""Reading over HTTP: pages by cursor, tags, freshness, and what else there is."""

import re
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.served import ACME, LONG, OTHER, Served, served, story

__all__ = ["served", "story"]

TIMELINE = f"/v1/companies/{ACME}/timeline"


def opened(served: Served, number: int) -> dict[str, Any]:
    return served.event("ticket.opened", f"ticket/N-{number}", company=ACME, subject="New")


# The timeline


def test_pages_go_on_by_cursor_and_each_entry_comes_once_while_new_ones_arrive(
    served: Served,
) -> None:
    before = [entry["event_id"] for entry in served.read(TIMELINE, limit=200)["entries"]]
    page, found = served.get(TIMELINE, limit=60), []

    for number in range(10):
        served.publish(opened(served, number))
        found += page.json()["entries"]
        if "next" not in page.links:
            break
        page = served.get(page.links["next"]["url"])

    assert len(found) == 258
    assert [entry["event_id"] for entry in found][:200] == before
    assert len({entry["event_id"] for entry in found}) == 258


def test_the_way_back_shows_the_same_pages(story: Served) -> None:
    first = story.get(TIMELINE, limit=50, order="desc")
    second = story.get(first.links["next"]["url"])

    back = story.get(second.links["prev"]["url"])

    assert first.json()["prev"] is None
    assert [e["event_id"] for e in back.json()["entries"]] == [
        e["event_id"] for e in first.json()["entries"]
    ]


def test_links_name_no_host(story: Served) -> None:
    head = {**story.bearer("auditor"), "Host": "evil.example"}

    answer = story.client.get(TIMELINE, headers=head)

    assert "evil" not in answer.headers["link"]


def test_filters_of_one_kind_mean_any_and_of_several_kinds_all(story: Served) -> None:
    kinds = ["ticket.resolved", "ticket.reopened"]
    both = story.read(TIMELINE, type=kinds, limit=200)["entries"]
    ticket = story.read(TIMELINE, type=kinds, ticket=LONG)["entries"]

    assert {entry["type"] for entry in both} == set(kinds)
    assert len(both) == sum(len(story.read(TIMELINE, type=kind)["entries"]) for kind in kinds)
    assert {entry["ticket_id"] for entry in ticket} == {LONG}


FILTERS: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = {
    "phrase": (
        {"search": '"frame pool"'},
        lambda e: bool(re.search("frame.pool", str(e).lower())),
    ),
    "prefix": ({"search": "specul"}, lambda e: "specul" in str(e).lower()),
    "interval": (
        {"from": "2026-11-18", "to": "2026-11-19"},
        lambda e: e["occurred_at"].startswith("2026-11-18"),
    ),
    "as of": ({"as_of": "2025-12-01T00:00:00Z"}, lambda e: e["occurred_at"] < "2025-12"),
    "known at": ({"known_at": "40"}, lambda e: e["position"] <= 40),
    "severity": ({"severity": 1, "type": "ticket.opened"}, lambda e: e["data"]["severity"] == 1),
    "actor": ({"actor": "agent/bruno"}, lambda e: e["actor"] == "agent/bruno"),
    "departments": (
        {"department": ["Engineering", "Billing"]},
        lambda e: e["department"] in ("Engineering", "Billing"),
    ),
    "visibility": ({"visibility": "restricted"}, lambda e: e["visibility"] == "restricted"),
    "channel": ({"channel": "phone"}, lambda e: e["channel"] == "phone"),
    "contact": ({"contact": "jan-peeters"}, lambda e: "jan-peeters" in str(e)),
    "product": ({"product": "graphics"}, lambda e: True),
}


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_lets_through_what_fits_and_nothing_else(story: Served, name: str) -> None:
    asked, fits = FILTERS[name]

    found = story.read(TIMELINE, **asked, limit=200)["entries"]

    assert 0 < len(found) < 200
    assert all(map(fits, found))


def test_a_tag_holds_while_nothing_changes_that_is_shown(served: Served) -> None:
    answer = served.get(TIMELINE, limit=20)
    tag = {"If-None-Match": answer.headers["etag"], **served.bearer("auditor")}

    def status(**asked: Any) -> int:
        return int(
            served.client.get(TIMELINE, params={"limit": 20, **asked}, headers=tag).status_code
        )

    same, other_query = status(), status(order="desc")
    served.publish(served.event("ticket.opened", "ticket/K-1", company=OTHER, subject="Elsewhere"))
    elsewhere = status()
    served.publish(served.event("contact.registered", "contact/new", name="Somebody else"))
    assert (same, other_query, elsewhere, status()) == (304, 200, 304, 304)


def test_a_tag_changes_with_a_name_that_is_shown(served: Served) -> None:
    answer = served.get(TIMELINE, limit=20)

    served.deployment.control.name_staff({"sam": "Samuel Okafor"})
    again = served.get(TIMELINE, limit=20)

    assert "Samuel Okafor" in again.text
    assert again.headers["etag"] != answer.headers["etag"]


def test_a_tag_is_of_one_kind_of_reader(story: Served) -> None:
    tags = {
        story.get(TIMELINE, who, limit=1).headers["etag"]
        for who in ("auditor", "agent", "customer")
    }

    assert len(tags) == 3


def test_a_reader_may_wait_for_what_was_written(served: Served) -> None:
    receipt = served.post(opened(served, 1)).json()

    page = served.read(TIMELINE, wait_for=receipt["last_position"], order="desc")

    assert page["entries"][0]["ticket_id"] == "N-1"
    assert "stale" not in page


@pytest.mark.slow
def test_who_waits_in_vain_is_told_that_the_page_is_stale(story: Served) -> None:
    fresh = story.get(TIMELINE)
    stale = story.get(TIMELINE, wait_for=10**9)

    assert stale.json()["stale"] is True
    assert stale.json()["entries"]
    assert stale.headers["etag"] != fresh.headers["etag"]


# What else there is to read


def test_tickets_come_in_pages(story: Served) -> None:
    path = f"/v1/companies/{ACME}/tickets"
    whole = story.read(path)

    pages = [*story.pages(path, limit=5)]

    assert whole["total"] == 11
    assert [t for page in pages for t in page["tickets"]] == whole["tickets"]
    assert story.read(path, status="closed")["total"] == 7


def test_a_company_is_found_by_a_person_and_shown_with_its_people(story: Served) -> None:
    found = story.read("/v1/companies", q="peeters")["companies"]
    company = story.read(f"/v1/companies/{found[0]['company_id']}")

    assert [(c["company_id"], c["matched"]) for c in found] == [(ACME, "contact")]
    assert "Jan Peeters" in {person["name"] for person in company["contacts"]}


def test_what_belongs_to_nobody_yet_can_be_read(served: Served) -> None:
    served.publish(served.event("ticket.opened", "ticket/U-1", company="domain=who.example"))

    page = served.read("/v1/companies/unassigned/timeline")

    assert [entry["ticket_id"] for entry in page["entries"]] == ["U-1"]


@pytest.mark.parametrize("type_name", ["ticket.opened", "reads.timeline_viewed"])
def test_schemas_are_served_in_their_current_version(story: Served, type_name: str) -> None:
    schema = story.read(f"/v1/schemas/{type_name}/1", "publisher")

    assert schema["$id"] == f"/v1/schemas/{type_name}/1"


def test_schemas_of_other_versions_are_not(story: Served) -> None:
    newer = story.get("/v1/schemas/ticket.opened/2")
    older = story.get("/v1/schemas/ticket.put_on_hold/1")
    unknown = story.get("/v1/schemas/ticket.exploded/1")

    assert [answer.status_code for answer in (newer, older, unknown)] == [404, 404, 404]
    assert "docs/schemas" in older.json()["detail"]


def test_it_says_whether_it_lives_and_can_serve(story: Served) -> None:
    assert story.read("/livez", None) == {"status": "alive"}
    assert story.read("/readyz", None)["ready"] is True


def test_it_is_not_ready_while_read_models_are_far_behind(served: Served) -> None:
    served.deployment.projector.stop()
    served.post(opened(served, 1))
    with sqlite3.connect(served.home / "store.db") as store:
        store.execute("UPDATE stored_events SET committed_at = committed_at - 60000000")

    answer = served.get("/readyz", None)

    assert answer.status_code == 503
    assert answer.json()["checks"]["timeline"] == "behind"
    assert served.read("/v1/projections", "admin")["projections"][0]["lag_events"] == 1


def test_metrics_count_what_waits_and_name_nobody(served: Served) -> None:
    served.deployment.projector.stop()
    served.post(opened(served, 1))

    found = served.get("/metrics", None).text

    assert 'longcase_projection_lag_events{projection="timeline"} 1.0' in found
    assert 'longcase_projection_state{longcase_projection_state="catching_up",' in found
    assert f"longcase_head_position {served.deployment.log.head()}.0" in found
    assert "longcase_relay" not in found  # nothing travels
    assert ACME not in found


def test_a_paused_projection_is_said_and_requests_are_served(served: Served) -> None:
    served.deployment.decisions.pause("tickets", "local:ann")

    answer = served.get("/readyz", None)

    assert answer.status_code == 200
    assert answer.json()["checks"]["tickets"] == "paused"


# Scenarios


def test_a12_many_people_of_one_company_are_one_customer(served: Served) -> None:
    people = ("jan-peeters", "lotte-de-vries", "rafael-nunez", "marek-dvorak", "chloe-lambert")
    channels = ("mail", "phone", "chat", "portal")
    served.publish(*(
        served.event(
            "ticket.opened", f"ticket/A12-{n}", company=ACME, subject=f"Issue {n}",
            requester_id=people[n % 5], channel=channels[n % 4], actor=f"contact/{people[n % 5]}",
            time=f"2026-11-20T09:0{n}:00Z",
        )
        for n in range(9)
    ))  # fmt: skip

    entries = served.read(TIMELINE, **{"from": "2026-11-20"})["entries"]
    of_jan = served.read(TIMELINE, **{"from": "2026-11-20", "contact": "jan-peeters"})["entries"]

    assert [entry["ticket_id"] for entry in entries] == [f"A12-{n}" for n in range(9)]
    assert [entry["ticket_id"] for entry in of_jan] == ["A12-0", "A12-5"]


def test_a15_an_agent_of_any_team_reads_all_tickets_of_the_customer(story: Served) -> None:
    tickets = story.read(f"/v1/companies/{ACME}/tickets", "agent")["tickets"]
    entries = story.read(TIMELINE, "agent", visibility="restricted")["entries"]

    assert len(tickets) + sum(len(t["absorbed"]) for t in tickets) == 13
    assert len({ticket["assignee"]["team"] for ticket in tickets}) > 3
    assert entries
    for entry in entries:
        assert (entry["text"], entry["data"]) == ("restricted", {})
        assert entry["occurred_at"]
        assert entry["type"] == "ticket.internal_note_added"
        assert entry["department"]
        assert entry["actor"] == "agent"


def test_a19_one_request_by_the_company_alone_is_complete(story: Served) -> None:
    first = story.get(TIMELINE, limit=200)
    second = story.get(first.links["next"]["url"])

    found = first.json()["entries"] + second.json()["entries"]
    stored = [*story.deployment.log.all_of_company(ACME)]
    assert {entry["position"] for entry in found} == {row.position for row in stored}
    assert len(found) == len(stored)
