"""Reads over HTTP are on record before the answer leaves, or there is no answer."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from projections.timeline_filter import Filter
from services.reading import Reading
from services.security import local
from tests.served import ACME, LONG, MOVED, OTHER, Served, served

__all__ = ["served"]

TIMELINE = f"/v1/companies/{ACME}/timeline"
REPLAY = f"/v1/tickets/{LONG}/replay"

READS: list[tuple[str, str, str | None]] = [
    (TIMELINE, ACME, None),
    (REPLAY, ACME, LONG),
    (f"/v1/tickets/{LONG}", ACME, LONG),
    (f"/v1/tickets/{LONG}/diff?from=1&to=200", ACME, LONG),
    (f"/v1/tickets/{LONG}?as_of=2026-11-30", ACME, LONG),
    (f"/v1/tickets/{LONG}/handoff", ACME, LONG),
    (f"/v1/tickets/{LONG}/on-file?fact_key=os_version", ACME, LONG),
    (f"/v1/companies/{ACME}/promises", ACME, None),
    (f"/v1/companies/{ACME}/questions", ACME, None),
    (f"/v1/companies/{ACME}/installations", ACME, None),
    (f"/v1/companies/{ACME}", ACME, None),
    (f"/v1/companies/{ACME}/tickets", ACME, None),
    (f"/v1/companies/{ACME}/replay", ACME, None),
    (f"/companies/{ACME}", ACME, None),
    (f"/tickets/{LONG}", ACME, LONG),
]


@pytest.mark.parametrize(("path", "company", "ticket"), READS)
def test_every_look_is_on_record(
    served: Served, path: str, company: str, ticket: str | None
) -> None:
    assert served.get(path).status_code == 200

    looks = served.reads()  # of a company's page, at its timeline and at its card
    assert {look["viewer_id"] for look in looks} == {"auditor"}
    told = {(look["viewed_company_id"], look["ticket_id"]) for look in looks}
    assert told == {(company, ticket)}
    assert all(look["count"] > 0 for look in looks)
    assert [look["purpose"] for look in looks] == (
        [None, "briefing"] if path == f"/companies/{ACME}" else [looks[0]["purpose"]]
    )


def test_a_look_at_a_moved_ticket_is_on_record_for_both_companies(served: Served) -> None:
    served.read(f"/v1/tickets/{MOVED}/replay")

    assert {look["viewed_company_id"] for look in served.reads()} == {ACME, OTHER}


@pytest.mark.parametrize("path", [path for path, _, _ in READS])
def test_nothing_is_shown_that_cannot_be_put_on_record(served: Served, path: str) -> None:
    with sqlite3.connect(served.home / "store.db") as store:
        store.execute(
            "CREATE TRIGGER full BEFORE INSERT ON stored_events "
            "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )

    answer = served.get(path)

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "Acme" not in answer.text
    assert served.reads() == []


def test_exports_and_what_arrives_are_on_record_too(served: Served) -> None:
    reading = Reading(served.deployment, local())
    reading.export(ACME, served.home / "export")
    reading.since(ACME, Filter(), 200)

    export, since = served.reads()
    assert (export["purpose"], export["count"]) == ("export", 258)
    assert since["count"] > 0


def test_looks_at_once_share_a_commit_and_each_is_on_record(served: Served) -> None:
    def look(number: int) -> None:
        deployment.reads.viewed(local(), f"c-{number}", position=number, count=1)

    deployment = served.deployment
    with sqlite3.connect(served.home / "store.db") as store, ThreadPoolExecutor(9) as threads:
        store.execute("BEGIN IMMEDIATE")  # the first one waits for us, the others for the first
        looks = [threads.submit(look, number) for number in range(9)]
        wait(looks, timeout=0.3)
        store.rollback()
        for looked in looks:
            looked.result(10)

    assert {look["viewed_company_id"] for look in served.reads()} == {f"c-{n}" for n in range(9)}
    rows = deployment.log.after(deployment.log.head() - 9, 9)
    assert len({row.committed_at for row in rows}) <= 3


def test_a_look_is_recorded_in_a_new_stream_where_the_last_one_moved_on(served: Served) -> None:
    """A reply of the store that is lost leaves the stream further than we know."""
    reads, who = served.deployment.reads, local()
    reads.viewed(who, ACME, position=1, count=1)
    with sqlite3.connect(served.home / "store.db") as store:
        store.execute(
            "INSERT INTO stored_events SELECT rowid + 1, originator_id, 2, topic, state, NULL, "
            "NULL, NULL, committed_at, 0 FROM stored_events ORDER BY rowid DESC LIMIT 1"
        )

    reads.viewed(who, ACME, position=2, count=1)

    assert [look["as_of_position"] for look in served.reads()] == [1, 1, 2]


def test_pages_that_were_asked_for_at_once_share_a_commit(served: Served) -> None:
    with sqlite3.connect(served.home / "store.db") as store, ThreadPoolExecutor(9) as threads:
        store.execute("BEGIN IMMEDIATE")  # nothing can be put on record, so nothing is shown
        answers = [threads.submit(served.get, TIMELINE) for _ in range(9)]
        assert not wait(answers, timeout=0.3).done
        store.rollback()
        assert {answer.result(10).status_code for answer in answers} == {200}

    assert len(served.reads()) == 9
    rows = served.deployment.log.after(served.deployment.log.head() - 9, 9)
    assert len({row.committed_at for row in rows}) < 9


def test_who_asks_together_with_one_who_may_not_is_served(served: Served) -> None:
    who = ["auditor", "admin", None, "customer"] * 4

    with ThreadPoolExecutor(len(who)) as threads:
        answers = list(threads.map(lambda one: served.get(TIMELINE, one).status_code, who))

    assert answers == [200, 403, 401, 200] * 4
    assert len(served.reads()) == 8
