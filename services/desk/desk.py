"""The desk: the one door for what happened.  Load, decide, save.

Promise: what is answered `accepted` is in the store, in order, for good; a report that comes
again answers with its first place.  A kill in the middle leaves a commit whole or not at all,
and the publisher's repeat finds out which.
"""

import importlib
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import InterfaceError, Mapper, OperationalError

from domain.company import Company
from domain.errors import NotAlone
from domain.events import decode
from projections.database import failures
from services.control import Control, Keyring
from services.desk.decision import Decision, Pending, Repeated
from services.desk.grouping import Group
from services.desk.hearing import Heard, hear
from services.desk.mapper import EventMapper
from services.desk.references import References
from services.desk.streams import KEPT, OPENING, Streams
from services.failpoints import failpoint
from services.receipts import Receipt, Unavailable, refused
from services.sealing import subjects
from services.store import Conflict, Log
from services.wire import Report

BATCH: Final = 1_000
"""Reports decided in one commit, at most."""

PATIENCE: Final = 10.0
"""Seconds for which a commit that others got in the way of is decided again."""

PAUSE: Final = 0.01
"""Seconds of the pause before that, at most; random, so that racers part.  It doubles, up to
twenty times this, while the store cannot be reached."""


class Desk(Application[str]):
    """Decides reports and records what follows from them."""

    def __init__(
        self,
        store: str,
        control: Control,
        keyring: Keyring,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        kept: int = KEPT,
    ) -> None:
        """Open the store.

        Args:
            store: ``sqlite:///path`` or ``postgresql://…``.
            kept: How many streams stay in memory between commits.
        """
        self._url = store
        super().__init__(_environment(store))
        self.store = Log(store)
        self.streams = Streams(self.store, kept)
        self.references = References(control.secret("handles"), self.store.handles)
        self._content_key = control.secret("content")
        self._keyring = keyring
        self._clock = clock
        self._expects_repeats = False
        self._group = Group(self._commit, BATCH)

    def construct_factory(self, env: Any) -> Any:
        """Choose our recorder for the store's database."""
        name = "sqlite" if self._url.startswith("sqlite:") else "postgres"
        return importlib.import_module(f"services.store.{name}").Factory(env)

    def construct_mapper(self) -> Mapper[str]:
        """Use the mapper whose bytes go all the way; nothing may change them on the way in.

        Raises:
            ValueError: If a cipher or compressor is configured for the library.
        """
        if self.factory.cipher() or self.factory.compressor():
            raise ValueError("unset CIPHER_TOPIC and COMPRESSOR_TOPIC: longcase seals by itself")
        return EventMapper()

    def record(self, reports: Sequence[Report], *, atomic: bool = False) -> list[Receipt]:
        """Record what happened and say, for each report, what became of it.

        Reporting the same source and external id again changes nothing and answers with the
        first outcome.  Requests of other threads that wait meanwhile share the commit.

        Args:
            reports: At most 1,000; decided in order, each against what went before.
            atomic: Record all of them or none.

        Raises:
            ValueError: If there are more than 1,000.
            Unavailable: If the store cannot be written now.
        """
        if len(reports) > BATCH:
            raise ValueError(f"{len(reports)} reports; at most {BATCH} are taken at once")
        heard = [hear(report, self._content_key) for report in reports]
        return self._group.call(heard, atomic=atomic)

    def resolve(self, wanted: str, reference: str) -> str | None:
        """Find the id of the ``company`` or ``contact`` that *reference* means."""
        return self.references.resolve(wanted, reference)

    def merged_by(self, stream_id: str, event_id: str) -> tuple[str, ...]:
        """Name the two companies that a merge, in force at the stream of one, made one."""
        company = self.streams.load(stream_id)
        return company.merges.get(event_id, ()) if isinstance(company, Company) else ()

    def parent_of(self, stream_id: str) -> str | None:
        """Name the company that the company of a stream belongs to."""
        company = self.streams.load(stream_id)
        return company.parent_id if isinstance(company, Company) else None

    def close(self) -> None:
        """Close the store."""
        super().close()
        self.store.close()

    def _commit(self, heard: Sequence[Heard], atomic: bool) -> list[Receipt]:
        """Decide and save, again if others got in the way or the reply was lost.

        A reply that was lost is no failure: deciding again finds our own reports recorded.
        """
        ours: set[UUID] = set()
        stale: set[str] = set()
        looks = self._expects_repeats
        pause, until = PAUSE, time.monotonic() + PATIENCE
        while True:
            decision = Decision(self.streams, self.references, self._keyring, self._clock())
            try:
                self.streams.catch_up(stale)
                if not self._decide(decision, heard, looks=looks):
                    looks = True
                    continue
                receipts = self._save(decision, atomic)
                return self._settled(receipts, set(ours)) if ours else receipts
            except sqlite3.OperationalError as error:  # a full or broken disk; busy was waited for
                raise Unavailable(f"the store cannot be written now: {error}") from error
            except _passing() as error:
                ours.update(draft.happened.event_id for draft in decision.drafts)
                stale.update(decision.touched, decision.placement.seen)
                looks = True
                if time.monotonic() > until:
                    raise Unavailable("the store cannot be written now; try again") from error
                time.sleep(random.uniform(0, pause))  # noqa: S311  jitter, not a secret
                pause = PAUSE if isinstance(error, Conflict) else min(2 * pause, 20 * PAUSE)

    def _decide(self, decision: Decision, heard: Sequence[Heard], *, looks: bool) -> bool:
        """Decide what was heard; say no if it must be looked up what came before.

        Few reports are repeats, and the store notices those, as it does a stream that is opened
        twice; so it is asked beforehand only where there were some just now, or where a refusal
        may be due to one.
        """
        self._keyring.refresh()
        sound = [one for one in heard if not one.refusal]
        known = self.store.reports(one.key for one in sound) if looks else {}
        fresh = [one.report for one in sound if one.key not in known]
        if not looks:
            self.streams.presume(r.stream_id for r in fresh if isinstance(r.event, OPENING))
        self.streams.gather(report.stream_id for report in fresh)
        self._keyring.ensure(subject for report in fresh for subject in self._subjects(report))
        for one in heard:
            decision.take(one, known.get(one.key))
        if looks:
            self._expects_repeats = bool(known)
        return looks or not decision.has_doubts

    def _save(self, decision: Decision, atomic: bool) -> list[Receipt]:
        if atomic and decision.has_refusals:
            return list(_none_of(decision))
        if not decision.events:
            return decision.receipts([])
        failpoint("append.before_insert")
        positions = self.recorder.insert_events(decision.events, placement=decision.placement)
        failpoint("append.after_commit")
        self.streams.keep(decision.touched)
        return decision.receipts(list(positions or ()))

    def _subjects(self, report: Report) -> Iterator[str]:
        """Foresee whose keys will be needed: those that are lacking are made all at once."""
        stream = self.streams.find(report.stream_id)
        named = None if "=" in (report.company or "=") else report.company
        return subjects(report.event, report.stream_id, stream.company_id or named)

    def _settled(self, receipts: list[Receipt], ours: set[UUID]) -> list[Receipt]:
        """Answer `accepted` where the reply to our own earlier commit was lost on the way."""
        return [self._accepted(receipt, ours) or receipt for receipt in receipts]

    def _accepted(self, receipt: Receipt, ours: set[UUID]) -> Receipt | None:
        row = self.store.at(receipt.position or 0) if receipt.status == "duplicate" else None
        event_id = decode(row.type, row.state).event_id if row else None
        if event_id not in ours:
            return None
        ours.remove(event_id)  # what stands twice in one request is a duplicate the second time
        return replace(receipt, status="accepted", event_id=event_id)


def _passing() -> tuple[type[Exception], ...]:
    """List what may be over at the next try."""
    return (Conflict, OperationalError, InterfaceError, *failures())


def _none_of(decision: Decision) -> Iterator[Receipt]:
    """Refuse the good ones of an atomic batch too, because others of it are refused."""
    reason = NotAlone("another report of this atomic batch is refused; nothing was recorded")
    for answer in decision.answers:
        match answer:
            case Pending(report=report) | Repeated(report=report):
                yield refused(report.stream_id, reason)
            case Receipt():
                yield answer


def _environment(store: str) -> dict[str, str]:
    if store.startswith("sqlite:"):
        return {"SQLITE_DBNAME": store.removeprefix("sqlite:///"), "ORIGINATOR_ID_TYPE": "text"}
    return {"LONGCASE_STORE_URL": store, "ORIGINATOR_ID_TYPE": "text"}
