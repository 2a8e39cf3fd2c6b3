"""A question to a customer is answered with what is on file, over HTTP and on the command line."""

from contextlib import closing
from pathlib import Path
from typing import Any

from services.control import Control
from tests import cli_words
from tests.cli_words import Longcase
from tests.served import ACME, LONG, Served, served

__all__ = ["served"]

longcase, acme = cli_words.longcase, cli_words.acme


def asking(served: Served, fact_key: str) -> dict[str, Any]:
    return served.event("ticket.fact_requested", f"ticket/{LONG}", fact_key=fact_key)


def test_a09_a_receipt_says_what_was_on_file_to_those_who_may_read_it(served: Served) -> None:
    agents = served.post(asking(served, "os_version"), who="agent").json()
    fresh = served.post(asking(served, "shoe_size"), who="agent").json()
    publishers = served.post(asking(served, "os_version"), who="publisher").json()

    assert agents["already_known"] is True
    assert agents["known"]["value"].startswith("Rocky Linux 9.4")
    assert (fresh["already_known"], fresh["known"]) == (False, None)
    assert "already_known" not in publishers


def test_a_batch_says_it_of_each_question_and_of_nothing_else(served: Served) -> None:
    note = served.event("ticket.resumed", f"ticket/{LONG}")
    refused = served.event("ticket.fact_requested", "ticket/NO-SUCH", fact_key="os_version")

    receipts = served.post(
        note, refused, asking(served, "os_version"), {}, asking(served, "shoe_size"), who="agent"
    ).json()["receipts"]

    assert [receipt.get("already_known") for receipt in receipts] == [
        None, None, True, None, False,
    ]  # fmt: skip


def test_that_a_receipt_told_a_fact_is_on_record(served: Served) -> None:
    served.post(asking(served, "os_version"), who="agent")

    (look,) = served.reads()
    assert (look["viewer_id"], look["viewed_company_id"]) == ("agent", ACME)
    assert (look["ticket_id"], look["purpose"]) == (LONG, "asked-again")


def test_a09_the_command_line_warns_before_a_question_is_sent(acme: Longcase) -> None:
    fact = ("company.fact_learned", "company/acme", "fact_key=os_version", "value=Debian 12")
    assert acme("report", *fact).code == 0
    question = ("ticket.fact_requested", "TCK-1", "fact_key=os_version")
    before = len(acme("timeline", "acme", "--jsonl").jsonl)

    warned = acme("report", *question, "--dry-run")
    sent = acme("report", *question, "--json")

    assert "on file already: Debian 12" in warned.err
    assert warned.out.startswith("nothing recorded")
    assert len(acme("timeline", "acme", "--jsonl").jsonl) == before + 1
    assert sent.json["already_known"] is True
    assert acme("report", *question[:2], "fact_key=shoe_size", "--dry-run").err == ""
    assert acme("report", "ticket.fact_requested", "NONE", "fact_key=x", "--dry-run").code == 3


def test_a25_a26_the_command_line_prints_briefs_promises_and_who_knew(acme: Longcase) -> None:
    promise = ("commitment_id=P-1", "what=Call back", "due_at=2026-03-02T10:00:00Z")
    acme("report", "ticket.commitment_made", "TCK-1", *promise, "--at", "2026-03-02T09:30:00Z")
    (note,) = acme("timeline", "acme", "--type", "ticket.internal_note_added", "--jsonl").jsonl

    brief, promises = acme("handoff", "TCK-1"), acme("promises", "acme")
    knew = acme("who-knew", note["event_id"], "--agent", "tom")

    assert "turn: nobody, for the ticket is resolved" in brief.out
    assert "Call back (broken by time" in brief.out
    assert acme("handoff", "TCK-1", "--step", "2", "--json").json["turn"]["who"] == "us"
    assert "broken by time" in promises.out
    assert "1 broken by time" in promises.err
    assert 'Jan de Vries wrote: "Each night at two."' in knew.out
    assert "tom, reading as an agent may: 3 had happened" in knew.err
    assert acme("who-knew", note["event_id"], "--json").json["agent"] == "mia"
    assert acme("who-knew", "no-id").code == 2


def test_people_stand_in_briefs_and_promises_by_their_names(acme: Longcase, tmp_path: Path) -> None:
    with closing(Control(f"sqlite:///{tmp_path}/home/control.db")) as control:
        control.name_staff({"mia": "Mia Larsen"})
    promise = ("commitment_id=P-1", "what=Call back", "--at", "2026-03-02T09:30:00Z")
    acme("report", "ticket.commitment_made", "TCK-1", *promise, "--actor", "agent/mia")

    brief, promises = acme("handoff", "TCK-1"), acme("promises", "acme")

    assert "with Mia Larsen / Support 2; reported by Jan de Vries" in brief.out
    assert "Call back (open, by Mia Larsen)" in brief.out
    assert "Mia Larsen: 4 times" in brief.out
    assert "Mia Larsen  Call back" in promises.out
    assert acme("handoff", "TCK-1", "--json").json["has_it"]["agent"] == "mia"
