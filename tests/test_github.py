"""Archives of GitHub threads: a repository is a company, its outsiders are its contacts."""

import gzip
import json
from pathlib import Path
from typing import Any, Final

import pytest

from domain.events.ticket import (
    AgentReplySent,
    CustomerMessageReceived,
    TicketClosed,
    TicketOpened,
    TicketResolved,
)
from services.adapters.github import ArchiveError, GithubArchive
from services.adapters.importing import run_import
from services.adapters.rejects import Rejects
from services.config import Settings
from services.deployment import Deployment
from services.wire import Report

ISSUE: Final[dict[str, Any]] = {
    "number": 7,
    "title": "Playout drops frames",
    "author": "jan",
    "authorAssociation": "NONE",
    "body": "Every eleven minutes.",
    "createdAt": "2026-11-02T09:02:00Z",
    "closedAt": "2026-11-05T10:00:00Z",
    "comments": [
        {
            "author": "mia",
            "authorAssociation": "MEMBER",
            "body": "Which version?",
            "createdAt": "2026-11-02T09:20:00Z",
        },
        {
            "author": None,
            "authorAssociation": "NONE",
            "body": "7.2",
            "createdAt": "2026-11-02T11:00:00Z",
        },
    ],
}

PULL: Final[dict[str, Any]] = {
    "number": 8,
    "title": "Fix the clock",
    "author": "mia",
    "authorAssociation": "MEMBER",
    "body": None,
    "createdAt": "2026-11-03T08:00:00Z",
    "mergedAt": "2026-11-04T08:00:00Z",
    "mergedBy": "mia",
    "closedAt": "2026-11-04T08:00:00Z",
    "comments": [],
    "reviews": [
        {
            "id": "R1",
            "author": "ana",
            "state": "APPROVED",
            "body": "",
            "createdAt": "2026-11-03T12:00:00Z",
            "comments": [{"body": "A typo here.", "createdAt": "2026-11-03T11:00:00Z"}],
        }
    ],
}


def archive(folder: Path, *, issues: Any = (ISSUE,), pulls: Any = (PULL,)) -> GithubArchive:
    """Write an archive and read it; the rejects go to ``rejects.jsonl``."""
    path = folder / "acme_playout.archive.json"
    path.write_text(json.dumps({"repo": "acme/playout", "issues": issues, "pulls": pulls}))
    with Rejects(folder / "rejects.jsonl") as rejects:
        return GithubArchive(path, rejects)


def of_tickets(history: GithubArchive) -> list[Report]:
    """Leave out the introductions of the company and the people."""
    return [report for report in history.reports() if report.stream_id.startswith("ticket/")]


def test_each_step_of_a_thread_stands_in_the_order_of_its_time(tmp_path: Path) -> None:
    steps = of_tickets(archive(tmp_path))

    assert [(step.stream_id[-1], step.source.activity, step.actor) for step in steps] == [
        ("7", "issue_opened", "contact/jan"),
        ("7", "issue_comment", "agent/mia"),
        ("7", "issue_comment", "contact/ghost"),
        ("8", "pull_opened", "agent/mia"),
        ("8", "review_comment", "contact/ana"),
        ("8", "review", "contact/ana"),
        ("8", "pull_merged", "agent/mia"),
        ("8", "pull_closed", "system/github"),
        ("7", "issue_closed", "system/github"),
    ]


def test_the_texts_stand_in_full_and_empty_reviews_stay(tmp_path: Path) -> None:
    events = [step.event for step in of_tickets(archive(tmp_path))]

    assert events == [
        TicketOpened(
            number="acme/playout#7", subject="Playout drops frames",
            description="Every eleven minutes.", requester_id="jan", channel="issue",
            product_id="acme.playout",
        ),
        AgentReplySent(body="Which version?", channel="comment"),
        CustomerMessageReceived(contact_id="ghost", body="7.2", channel="comment"),
        TicketOpened(
            number="acme/playout#8", subject="Fix the clock", description="",
            channel="pull request", product_id="acme.playout",
        ),
        CustomerMessageReceived(
            contact_id="ana", body="A typo here.", channel="review comment", in_reply_to="R1"
        ),
        CustomerMessageReceived(
            contact_id="ana", body="", channel="review/approved", message_id="R1"
        ),
        TicketResolved(resolution_code="merged", resolved_by="mia"),
        TicketClosed(),
        TicketClosed(),
    ]  # fmt: skip


def test_the_repository_and_its_outsiders_are_registered_before_they_act(tmp_path: Path) -> None:
    reports = list(archive(tmp_path).reports())

    assert [(r.event.TYPE, r.stream_id) for r in reports if "ticket/" not in r.stream_id] == [
        ("company.registered", "company/acme.playout"),
        ("contact.registered", "contact/jan"),
        ("company.contact_affiliated", "company/acme.playout"),
        ("contact.registered", "contact/ghost"),
        ("company.contact_affiliated", "company/acme.playout"),
        ("contact.registered", "contact/ana"),
        ("company.contact_affiliated", "company/acme.playout"),
    ]


def test_an_archive_is_recorded_once_and_a_newer_one_adds_what_is_new(tmp_path: Path) -> None:
    comment = {"author": "jan", "body": "It works.", "createdAt": "2026-11-06T08:00:00Z"}
    newer = {**ISSUE, "comments": [*ISSUE["comments"], comment]}

    with Deployment(Settings(home=tmp_path / "home")) as longcase:
        first = run_import(archive(tmp_path).reports(), longcase.desk, rejects=Rejects())
        again = run_import(archive(tmp_path).reports(), longcase.desk, rejects=Rejects())
        later = run_import(
            archive(tmp_path, issues=[newer]).reports(), longcase.desk, rejects=Rejects()
        )

    assert (first.recorded, first.tickets) == (16, 2)
    assert (again.recorded, again.duplicate) == (0, 16)
    assert (later.recorded, later.duplicate, later.refused) == (1, 16, 0)


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ({"author": "jan", "body": "x"}, "there is no 'createdAt'"),
        (
            {"author": "jan", "body": "x", "createdAt": "2026-11-06T08:00:00"},
            "'2026-11-06T08:00:00' names no time zone",
        ),
        (
            {"author": "jan", "body": "x", "createdAt": "0001-11-06T08:00:00Z"},
            "the time lies before 1970: correct it, or leave the event out",
        ),
        (
            {"author": "jan", "body": "a\0b", "createdAt": "2026-11-06T08:00:00Z"},
            ": the NUL character cannot be stored; remove it",
        ),
    ],
)
def test_a_comment_that_cannot_be_read_costs_no_other(
    tmp_path: Path, comment: dict[str, Any], reason: str
) -> None:
    thread = {**ISSUE, "comments": [comment, *ISSUE["comments"]]}

    steps = of_tickets(archive(tmp_path, issues=[thread], pulls=[]))

    assert len(steps) == 4
    (entry,) = map(json.loads, (tmp_path / "rejects.jsonl").read_text().splitlines())
    assert entry["entry"] == "acme/playout#7:comment:1"
    assert entry["reason"] == f"acme/playout#7:comment:1: {reason}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[]", "an archive is an object with repo, issues and pulls"),
        (b'{"repo": "a/b", "issues": [1], "pulls": []}', "each issue and each pull must be an"),
        (b"{", "the archive cannot be read"),
        (gzip.compress(b"{}" * 10_000, mtime=0)[:30], "the archive cannot be read"),
    ],
)
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "archive.json").write_bytes(content)

    with pytest.raises(ArchiveError, match=reason):
        GithubArchive(tmp_path / "archive.json", Rejects())
