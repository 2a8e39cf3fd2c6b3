"""The log as a feed over HTTP: the stored bytes, to whom, and that opening them is recorded."""

import json

import orjson
import pytest

from tests.served import ACME, OTHER, Served, served, story

__all__ = ["served", "story"]


def test_the_feed_hands_on_the_stored_bytes_to_the_last_event(story: Served) -> None:
    log, position, found = story.deployment.log, 0, []

    while True:
        answer = story.get("/v1/events", after=position, limit=97)
        found += answer.json()["events"]
        if answer.json()["next"] == position:
            break
        position = answer.json()["next"]

    stored = [row for row in log.after(0, 10_000) if not row.stream_id.startswith("reads/")]
    assert [event["position"] for event in found] == [row.position for row in stored]
    assert [orjson.dumps(event["document"]) for event in found] == [row.state for row in stored]


def test_a_company_by_itself_is_dense_and_goes_on_by_position(story: Served) -> None:
    whole = story.read("/v1/events", company=ACME, limit=1000)
    half = whole["events"][100]["position"]

    rest = story.read("/v1/events", company=ACME, limit=1000, after=half)

    assert [event["company_seq"] for event in whole["events"]] == [*range(1, 259)]
    assert rest["events"] == whole["events"][101:]
    assert story.read("/v1/events", company=ACME, after=whole["next"])["events"] == []


def test_what_comes_after_the_end_is_found_by_going_on(served: Served) -> None:
    for company in (None, ACME):
        asked = {"company": company} if company else {}
        end = served.read("/v1/events", **asked, limit=1000)
        opened = served.event("ticket.opened", f"ticket/N-{company}", company=ACME, subject="New")
        position = served.publish(opened)

        more = served.read("/v1/events", **asked, after=end["next"])

        assert [event["position"] for event in more["events"]] == [position]


def test_reads_are_no_part_of_it(served: Served) -> None:
    served.read(f"/v1/companies/{ACME}/timeline")

    page = served.read("/v1/events", after=294)

    assert page["events"] == []
    assert page["next"] == page["head"] == 295


def test_text_is_sealed_unless_an_auditor_opens_it_and_that_is_recorded(served: Served) -> None:
    sealed = served.get("/v1/events", company=ACME, limit=1000).text
    before = served.reads()
    opened = served.get("/v1/events", company=ACME, limit=1000, opened=True).text

    assert "speculoos" not in sealed
    assert "speculoos" in opened
    assert before == []
    (read,) = served.reads()
    assert (read["viewed_company_id"], read["count"], read["purpose"]) == (ACME, 258, "feed")
    assert read["viewer_id"] == "auditor"


def test_a_bound_key_names_its_company(story: Served) -> None:
    assert story.get("/v1/events", "acme-auditor").status_code == 403
    assert story.get("/v1/events", "acme-auditor", company=OTHER).status_code == 403
    assert story.get("/v1/events", "acme-auditor", company=ACME).status_code == 200


def test_a_bound_key_gets_stubs_of_what_it_may_not_read(story: Served) -> None:
    page = story.read("/v1/events", "acme-admin", company=ACME, limit=1000)

    assert len(page["events"]) == 258
    assert all(event["document"]["stub"] for event in page["events"])
    assert not any("data" in event["document"] for event in page["events"])
    assert "agent/" not in json.dumps(page)


@pytest.mark.parametrize("who", ["publisher", "agent", "customer"])
def test_others_have_no_feed(story: Served, who: str) -> None:
    assert story.get("/v1/events", who, company=ACME).status_code == 403


def test_an_admin_opens_no_text(story: Served) -> None:
    assert story.get("/v1/events", "admin", company=ACME, opened=True).status_code == 403
    assert story.get("/v1/events", "admin").status_code == 200
