"""One event by its id: found without an index, opened for those who may read it, on record."""

import sqlite3
import uuid
from typing import Any

import pytest

from services.finding import BEFORE, find_event
from services.store import Row
from tests.asked import ask
from tests.served import ACME, LONG, OTHER, Served, served, story

__all__ = ["served", "story"]


def first(served: Served, **known: Any) -> Row:
    """Find the first event that is as said."""
    rows = served.deployment.log.after(0, 1_000)
    return next(row for row in rows if all(getattr(row, k) == v for k, v in known.items()))


def id_of(row: Row) -> str:
    return row.state[len('{"event_id":"') :][:36].decode()


def path_of(row: Row) -> str:
    return f"/v1/events/{id_of(row)}"


def note(served: Served, visibility: str) -> str:
    """Record a note on a ticket of Acme; return the path of its event."""
    served.publish(served.event(
        "ticket.internal_note_added", f"ticket/{LONG}", note="kolibrie", visibility=visibility,
    ))  # fmt: skip
    row = served.deployment.log.at(served.deployment.log.head())
    assert row is not None
    return path_of(row)


def test_every_event_of_the_log_is_found_by_its_id(story: Served) -> None:
    log = story.deployment.log
    rows = log.after(0, 1_000)

    assert len(rows) > 250
    assert all(find_event(log, uuid.UUID(id_of(row))) == row for row in rows)


def test_an_event_in_the_middle_of_many_that_share_a_commit_is_found(served: Served) -> None:
    for _ in range(4):
        served.post(*(
            served.event("ticket.internal_note_added", f"ticket/{LONG}", note="x",
                         visibility="internal")
            for _ in range(1_000)
        ))  # fmt: skip
    log = served.deployment.log
    rows = log.after(log.head() - BEFORE, BEFORE)

    assert all(find_event(log, uuid.UUID(id_of(row))) == row for row in rows[::97])


def test_it_comes_with_its_text_and_its_place_and_the_look_is_on_record(served: Served) -> None:
    path = note(served, "internal")

    found = served.read(path, "agent")

    assert found["document"]["data"]["note"] == "kolibrie"
    assert found["document"]["event_id"] == path.rpartition("/")[2]
    assert (found["position"], found["late"]) == (served.deployment.log.head() - 1, False)
    (look,) = served.reads()
    assert (look["viewer_id"], look["viewed_company_id"]) == ("agent", ACME)
    assert (look["ticket_id"], look["purpose"], look["count"]) == (LONG, "event", 1)


def test_nothing_is_given_that_cannot_be_put_on_record(served: Served) -> None:
    path = path_of(first(served, company_id=ACME, public_seq=1))
    with sqlite3.connect(served.home / "store.db") as store:
        store.execute(
            "CREATE TRIGGER full BEFORE INSERT ON stored_events "
            "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    store.close()

    answer = served.get(path)

    assert answer.status_code == 503
    assert "data" not in answer.json()


def test_who_may_not_read_it_learns_that_it_is_there_and_when(served: Served) -> None:
    path = note(served, "restricted")

    stub = served.read(path, "agent")["document"]

    assert stub["stub"] is True
    assert {"data", "actor", "source"}.isdisjoint(stub)
    assert "kolibrie" in str(served.read(path, "auditor"))


def test_a_customer_reads_what_is_public_of_its_own_and_nothing_to_count_by(
    served: Served,
) -> None:
    public = first(served, company_id=ACME, public_seq=1)

    found = served.read(path_of(public), "customer")

    assert set(found) == {"public_seq", "late", "document"}
    assert {"source", "subjects", "correlation_id"}.isdisjoint(found["document"])
    for visibility in ("internal", "restricted"):
        assert served.get(note(served, visibility), "customer").status_code == 404


@pytest.mark.parametrize("who", ["other-customer", "acme-agent", "acme-auditor"])
def test_an_event_of_another_company_is_as_if_it_were_not(story: Served, who: str) -> None:
    company = ACME if who == "other-customer" else OTHER
    hidden = story.get(path_of(first(story, company_id=company, public_seq=1)), who)
    unknown = story.get(f"/v1/events/{uuid.uuid4()}", who)

    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json()["code"] == unknown.json()["code"]


def test_of_what_belongs_to_no_company_no_text_is_given(story: Served) -> None:
    person = first(story, type="contact.registered")

    assert story.read(path_of(person), "agent")["document"]["data"]["name"] == "[restricted]"
    assert story.get(path_of(person), "acme-agent").status_code == 404


def test_the_read_audit_is_not_given(served: Served) -> None:
    served.read(f"/v1/tickets/{LONG}")
    (look,) = [row for row in served.deployment.log.after(0, 1_000) if row.company_id is None
               and row.stream_id.startswith("reads/")]  # fmt: skip

    assert served.get(path_of(look), "auditor").status_code == 404


@pytest.mark.parametrize("wrong", ["x", "1", "019a0000-0000-7000-8000-00000000001", "%00"])
def test_an_id_that_is_none_is_told_in_words(story: Served, wrong: str) -> None:
    told = ask(story, "GET", f"/v1/events/{wrong}".encode())

    assert told.status == 422
    assert b"path.event_id: an event's id is a UUID" in told.body
