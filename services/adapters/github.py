"""Archives of GitHub issues and pull requests become reports: one company for each repository.

The form is `archive.json` of the i-d-template.  It says nothing of who closed a thread, and
gives labels and assignees without a time: they are left out rather than guessed.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from domain.errors import Refused
from domain.events import Event, Source
from domain.events.company import CompanyRegistered, ContactAffiliated
from domain.events.contact import ContactRegistered
from domain.events.ticket import (
    AgentReplySent,
    CustomerMessageReceived,
    TicketClosed,
    TicketOpened,
    TicketResolved,
)
from domain.values import not_too_old
from services.adapters.rejects import Rejects
from services.wire import Report, check_storable, explain

TEAM: Final = ("MEMBER", "COLLABORATOR", "OWNER")
"""Associations of those who speak for the repository; all others are its customers."""

NOBODY: Final = "ghost"
"""How GitHub itself calls the author of a deleted account."""

SYSTEM: Final = "github"
Json = dict[str, Any]


class ArchiveError(Exception):
    """The file is not such an archive; the message names it and says why."""


class Step(NamedTuple):
    """Something that happened in a thread; `entry` names it within the thread."""

    at: datetime
    activity: str
    entry: str
    event: Event
    actor: str


class GithubArchive:
    """One repository's threads.

    Attributes:
        total: How many reports there are.
        steps: How many of them stand in threads; the others register company and people.
    """

    def __init__(self, path: Path, rejects: Rejects) -> None:
        """Read the archive, plain or packed.

        Raises:
            OSError: If the file cannot be opened.
            ArchiveError: If it is not such an archive.
        """
        archive = _read(path)
        self.repo: str = archive["repo"]
        self.company = re.sub(r"[^A-Za-z0-9._-]+", ".", self.repo)
        self._rejects = rejects
        threads = [("issue", item) for item in archive["issues"]]
        threads += [("pull", item) for item in archive["pulls"]]
        self._team = set(_team(item for _, item in threads))
        self._reports = self._sorted(threads)
        self.steps = sum(report.stream_id.startswith("ticket/") for report in self._reports)
        self.total = len(self._reports)

    def reports(self) -> Iterator[Report]:
        """Yield what happened, oldest first; whom it speaks of is registered before."""
        yield from self._reports

    def notes(self) -> Iterator[str]:
        """Say what whoever imports should know."""
        yield f"{self.steps:,} steps of {self.repo}, which stands for one company"
        yield "labels and assignees are left out: the archive does not say since when they hold"

    def _sorted(self, threads: list[tuple[str, Json]]) -> list[Report]:
        timed: list[tuple[datetime, Report]] = []
        for kind, item in threads:
            latest = datetime.min.replace(tzinfo=UTC)
            for step in self._steps(kind, item):
                latest = max(latest, step.at)  # nothing goes before the opening
                timed.append((latest, self._report(item["number"], step)))
        met: set[str] = set()
        reports: list[Report] = []
        for _, report in sorted(timed, key=itemgetter(0)):
            reports += self._introductions(report, met)
            reports.append(report)
        return reports

    def _steps(self, kind: str, item: Json) -> list[Step]:
        """List a thread's steps, the opening first, the others by their time."""
        try:
            opening = self._opening(kind, item)
        except (KeyError, TypeError, ValueError, Refused) as error:
            self._reject(f"{self.repo}#{item.get('number')}", error)
            return []
        rest: list[Step] = []
        for entry, activity, said in _entries(kind, item):
            try:
                rest.append(self._step(entry, activity, said))
            except (KeyError, TypeError, ValueError, Refused) as error:
                self._reject(f"{self.repo}#{item['number']}:{entry}", error)
        return [opening, *sorted(rest, key=lambda step: step.at)]

    def _opening(self, kind: str, item: Json) -> Step:
        login, role = self._who(item["author"])
        event = TicketOpened(
            number=f"{self.repo}#{int(item['number'])}",
            subject=_text(item["title"]),
            description=_text(item["body"] or ""),
            requester_id=login if role == "contact" else None,
            channel="issue" if kind == "issue" else "pull request",
            product_id=self.company,
        )
        return Step(_time(item["createdAt"]), f"{kind}_opened", "opened", event, f"{role}/{login}")

    def _step(self, entry: str, activity: str, said: Json) -> Step:
        if activity.endswith("_closed"):
            return Step(
                _time(said["closedAt"]), activity, entry, TicketClosed(), f"system/{SYSTEM}"
            )
        login, role = self._who(said["mergedBy" if activity == "pull_merged" else "author"])
        actor = f"{role}/{login}"
        if activity == "pull_merged":
            by = login if role == "agent" else None
            resolved = TicketResolved(resolution_code="merged", resolved_by=by)
            return Step(_time(said["mergedAt"]), activity, entry, resolved, actor)
        message: Json = {
            "body": _text(said["body"] or ""),
            "channel": _channel(activity, said),
            "message_id": said.get("id"),
            "in_reply_to": said.get("review"),
        }
        event = (
            AgentReplySent(**message)
            if role == "agent"
            else CustomerMessageReceived(contact_id=login, **message)
        )
        return Step(_time(said["createdAt"]), activity, entry, event, actor)

    def _who(self, login: str | None) -> tuple[str, str]:
        """Say an author's id, and whether they are a contact or an agent here."""
        plain = re.sub(r"[^A-Za-z0-9-]+", "-", login or NOBODY).strip("-")
        return plain, "agent" if login in self._team else "contact"

    def _report(self, number: int, step: Step) -> Report:
        opens = isinstance(step.event, TicketOpened)
        return Report(
            event=step.event,
            stream_id=f"ticket/{self.company}-{number}",
            occurred_at=step.at,
            actor=step.actor,
            source=self._source(f"{self.repo}#{number}:{step.entry}", step.activity),
            visibility="public",
            company=self.company if opens else None,
        )

    def _introductions(self, report: Report, met: set[str]) -> Iterator[Report]:
        """Register the repository and the contact who speaks, the first time."""
        company = f"company/{self.company}"
        if company not in met:
            met.add(company)
            yield self._known(CompanyRegistered(name=self.repo), company, report)
        kind, _, login = report.actor.partition("/")
        if kind == "contact" and report.actor not in met:
            met.add(report.actor)
            yield self._known(ContactRegistered(name=login), report.actor, report)
            yield self._known(ContactAffiliated(contact_id=login), company, report)

    def _known(self, event: Event, stream: str, report: Report) -> Report:
        about = report.actor if isinstance(event, ContactAffiliated) else stream
        return Report(
            event=event,
            stream_id=stream,
            occurred_at=report.occurred_at,
            actor=f"system/{SYSTEM}",
            source=self._source(f"{self.repo}:{event.TYPE}:{about}", None),
            visibility="internal",
        )

    def _source(self, external: str, activity: str | None) -> Source:
        return Source(system=SYSTEM, external_id=external, activity=activity, imported=True)

    def _reject(self, place: str, error: Exception) -> None:
        why = explain(error) if isinstance(error, ValidationError) else str(error)
        lacking = f"there is no {error}" if isinstance(error, KeyError) else why
        self._rejects.add(f"{place}: {lacking}", entry=place)


def _read(path: Path) -> Json:
    try:
        raw = path.read_bytes()
        archive = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except (EOFError, gzip.BadGzipFile, zlib.error, ValueError) as error:
        raise ArchiveError(f"{path}: the archive cannot be read: {error}") from None
    if not isinstance(archive, dict) or not {"repo", "issues", "pulls"} <= archive.keys():
        raise ArchiveError(f"{path}: an archive is an object with repo, issues and pulls")
    if not all(isinstance(item, dict) for item in (*archive["issues"], *archive["pulls"])):
        raise ArchiveError(f"{path}: each issue and each pull must be an object")
    return archive


def _entries(kind: str, item: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield what came after the opening: its name in the thread, its activity, what is said."""
    for number, comment in enumerate(item.get("comments", ()), 1):
        yield f"comment:{number}", f"{kind}_comment", comment
    for number, review in enumerate(item.get("reviews", ()), 1):
        yield f"review:{number}", "review", review
        for nth, comment in enumerate(review.get("comments", ()), 1):
            by = {"author": review["author"], "review": review.get("id")}
            yield f"review:{number}.{nth}", "review_comment", {**comment, **by}
    if item.get("mergedAt"):
        yield "merged", "pull_merged", item
    if item.get("closedAt"):
        yield "closed", f"{kind}_closed", item


def _team(items: Iterator[Json]) -> Iterator[str]:
    """Yield the logins that are of the team wherever the archive says what they are."""
    for item in items:
        for said in (item, *item.get("comments", ())):
            if said.get("authorAssociation") in TEAM and said.get("author"):
                yield said["author"]


def _channel(activity: str, said: Json) -> str:
    """Name the way a message came; a review's says how it ended: ``review/approved``."""
    if activity == "review":
        return f"review/{said['state'].lower()}"
    return "review comment" if activity == "review_comment" else "comment"


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return not_too_old(time.astimezone(UTC))


def _text(text: str) -> str:
    check_storable(text)
    return text
