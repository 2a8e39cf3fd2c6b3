"""Duplicates over HTTP and on the command line; the process that serves watches by itself."""

import time
from collections.abc import Callable

from tests.cli_words import Longcase, acme, cloud, longcase
from tests.served import ACME, OTHER, Served, served

__all__ = ["acme", "longcase", "served"]

DUPLICATES = f"/v1/companies/{ACME}/duplicates"


def eventually(holds: Callable[[], object], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while not (done := bool(holds())) and time.monotonic() < until:
        time.sleep(0.05)
    return done


def tell(served: Served) -> None:
    """Let two people of Acme tell of one trouble."""
    for number, (ticket, subject, who) in enumerate(
        [("TCK-9001", "Tally lamps stay dark", "jan-peeters"),
         ("TCK-9002", "Dark tally lamps in studio 2", "ana-lopes")]
    ):  # fmt: skip
        served.publish(
            served.event(
                "ticket.opened", f"ticket/{ticket}", company=ACME, subject=subject,
                requester_id=who, installation_ids=["acme-playout-a"],
                time=f"2026-11-20T09:0{number}:00Z",
            )
        )  # fmt: skip


def test_what_the_served_watcher_suspects_is_read_by_staff_alone(served: Served) -> None:
    assert served.read(DUPLICATES)["duplicates"] == []

    tell(served)

    assert eventually(lambda: served.read(DUPLICATES, "agent")["duplicates"])
    (found,) = served.read(DUPLICATES, "agent")["duplicates"]
    assert (found["ticket_id"], found["candidate_ticket_id"]) == ("TCK-9002", "TCK-9001")
    assert {"similar_text", "same_installation"} <= {s["name"] for s in found["signals"]}
    assert found["candidate"]["subject"] == "Tally lamps stay dark"
    of_ticket = served.read("/v1/tickets/TCK-9001/duplicates", "agent")["duplicates"]
    assert of_ticket == [found]
    entry = served.read(f"/v1/events/{found['event_ids'][0]}", "agent")
    assert "system/duplicates-watcher" in str(entry)


def test_others_are_refused(served: Served) -> None:
    tell(served)

    paths = (DUPLICATES, "/v1/tickets/TCK-9001/duplicates")
    for who in ("customer", "other-customer", "publisher", "admin"):
        assert {served.get(path, who).status_code for path in paths} <= {403, 404}, who
    assert served.get(f"/v1/companies/{OTHER}/duplicates", "acme-agent").status_code == 403
    assert served.get("/v1/companies/nobody/duplicates", "agent").status_code == 404
    assert served.get("/v1/tickets/nothing/duplicates", "agent").status_code == 404
    assert served.get("/v1/tickets/nothing/duplicates", None).status_code == 401


def test_that_somebody_looked_is_on_record(served: Served) -> None:
    served.read(DUPLICATES, "agent")

    looked = served.reads()[-1]
    assert (looked["viewed_company_id"], looked["purpose"]) == (ACME, "duplicates")


def test_the_watchers_are_told_of_with_the_projections(served: Served) -> None:
    assert eventually(lambda: served.read("/v1/projections", "admin")["watcher"]["held_by"])
    found = served.read("/v1/projections", "admin")["watcher"]
    scraped = served.get("/metrics", None).text

    assert (found["state"], found["failed"]) == ("running", 0)
    assert [watcher["name"] for watcher in found["watchers"]] == ["duplicates"]
    assert 'longcase_watcher_state{longcase_watcher_state="running"} 1.0' in scraped
    assert "longcase_watcher_failed 0.0" in scraped


def second(ticket: str = "TCK-2") -> bytes:
    return cloud(
        "ticket.opened", f"ticket/{ticket}", "t9", "2026-03-04T18:00:00Z", company="acme",
        actor="contact/ana", subject="Frames are dropped again", requester_id="ana",
    )  # fmt: skip


def test_the_command_finds_what_nobody_suspected(acme: Longcase) -> None:
    assert acme("publish", stdin=second()).code == 0

    text, found = acme("duplicates", "TCK-2"), acme("duplicates", "ticket/TCK-2", "--json").json

    assert "TCK-1" in text.out
    assert "both say fram, drop" in text.out
    assert [one["state"] for one in found["duplicates"]] == ["found"]
    assert acme("duplicates", "TCK-2", "--jsonl").jsonl == found["duplicates"]


def test_the_command_says_where_there_is_nothing(acme: Longcase) -> None:
    alone, unknown = acme("duplicates", "TCK-1"), acme("duplicates", "TCK-7")

    assert (alone.code, alone.out) == (0, "")
    assert "TCK-1 looks like no other ticket" in alone.err
    assert (unknown.code, unknown.error) == (3, "no ticket TCK-7 is known")


def test_the_doctor_says_how_the_watcher_is(acme: Longcase) -> None:
    found = {check["what"]: check for check in acme("doctor", "--json").json}

    assert found["watcher"]["state"] == "ok"
    assert "never begun" in found["watcher"]["found"]
