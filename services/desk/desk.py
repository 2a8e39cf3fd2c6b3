"""The desk: the one door for what happened.  Load, decide, save.

Promise: what is answered `accepted` is in the store, in order, for good; a report that comes
again answers with its first place.  A kill in the middle leaves a commit whole or not at all,
and the publisher's repeat finds out which.
"""

import importlib
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Mapper, OperationalError

from domain.aggregate import Aggregate
from domain.company import Company
from domain.contact import Contact
from domain.errors import NotAlone
from domain.events import decode
from domain.interaction import Interaction
from domain.reads import Reads
from domain.survey import Survey
from domain.ticket import Ticket
from services.control import Control, Keyring
from services.desk.decision import Decision, Pending, Repeated
from services.desk.grouping import Group
from services.receipts import Receipt, refused
from services.desk.references import References
from services.store import Conflict, Log
from services.desk.mapper import EventMapper
from services.wire import Report

KINDS: Final[dict[str, type[Aggregate[Any]]]] = {
    "company": Company,
    "contact": Contact,
    "ticket": Ticket,
    "interaction": Interaction,
    "survey": Survey,
    "reads": Reads,
}

ATTEMPTS: Final = 50
"""How often a commit that others got in the way of is decided again."""

BATCH: Final = 1_000
"""Reports decided in one commit, at most."""

KEPT: Final = 10_000
"""Aggregates kept in memory between commits."""


class Unavailable(Exception):
    """The store cannot be written now; nothing of the request was recorded."""


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
            kept: How many aggregates stay in memory between commits.
        """
        self._url = store
        super().__init__(_environment(store))
        self.store = Log(store)
        self.references = References(control.secret("handles"), self.store.handles)
        self._content_key = control.secret("content")
        self._keyring = keyring
        self._clock = clock
        self._kept: OrderedDict[str, Aggregate[Any]] = OrderedDict()
        self._size = kept
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
        return self._group.call(reports, atomic=atomic)

    def resolve(self, wanted: str, reference: str) -> str | None:
        """Find the id of the ``company`` or ``contact`` that *reference* means."""
        return self.references.resolve(wanted, reference)

    def aggregate(self, stream_id: str) -> Aggregate[Any]:
        """Find the state of a stream, from memory or from its events."""
        kept = self._kept.get(stream_id)
        if kept is not None:
            self._kept.move_to_end(stream_id)
            return kept
        return self._read(stream_id)

    def fresh(self, stream_id: str) -> Aggregate[Any] | None:
        """Read a stream again if it moved on since it was kept, else ``None``."""
        kept = self._kept.pop(stream_id, None)
        newer = self._read(stream_id) if kept else None
        return newer if newer and kept and newer.version != kept.version else None

    def company_exists(self, company_id: str) -> bool:
        """Say whether a company was ever recorded."""
        return self.store.company_exists(company_id)

    def _read(self, stream_id: str) -> Aggregate[Any]:
        kind = KINDS[stream_id.split("/", 1)[0]]

        def replay(_: Any, decided: Any) -> Aggregate[Any]:
            return kind.replay(stream_id, (d.event for d in decided))

        found: Aggregate[Any] = self.repository.get(stream_id, projector_func=replay)
        return found

    def _commit(self, reports: Sequence[Report], atomic: bool) -> list[Receipt]:
        ours: set[UUID] = set()
        for attempt in range(ATTEMPTS):
            decision = self._decide(reports)
            if atomic and any(r for r in decision.answers if _is_refused(r)):
                self._forget(decision)
                return _none_of(decision)
            try:
                positions = self._save(decision)
            except (Conflict, IntegrityError, OperationalError):
                self._forget(decision)
                ours.update(d.event.event_id for d in decision.decided)
                time.sleep(random.uniform(0, 0.002 * (attempt + 1)))  # noqa: S311
                continue
            return self._settled(decision.receipts(positions), ours)
        raise Unavailable("the store could not be written; try again")

    def _decide(self, reports: Sequence[Report]) -> Decision:
        self._keyring.refresh()
        known = self.store.reports((r.source.system, r.source.external_id) for r in reports)
        decision = Decision(self, self.references, self._keyring, self._content_key, self._clock())
        for report in reports:
            decision.take(report, known.get((report.source.system, report.source.external_id)))
        return decision

    def _save(self, decision: Decision) -> list[int]:
        if not decision.decided:
            return []
        recordings = self.events.put(decision.decided, placement=decision.placement)
        for stream_id, aggregate in decision.touched.items():
            self._kept[stream_id] = aggregate
            self._kept.move_to_end(stream_id)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return [recording.notification.id for recording in recordings]

    def _forget(self, decision: Decision) -> None:
        """Drop what a commit that did not happen changed in memory."""
        for stream_id in decision.touched:
            self._kept.pop(stream_id, None)

    def _settled(self, receipts: list[Receipt], ours: set[UUID]) -> list[Receipt]:
        """Answer `accepted` where the reply to our own earlier commit was lost on the way."""
        if not ours:
            return receipts
        settled = []
        for receipt in receipts:
            row = (
                self.store.at(receipt.position)
                if receipt.status == "duplicate" and (receipt.position)
                else None
            )
            event_id = decode(row.type, row.state).event_id if row else None
            settled.append(
                Receipt(
                    "accepted", receipt.stream_id, receipt.position, receipt.last_position,
                    receipt.stream_version, event_id,
                )
                if event_id in ours
                else receipt
            )  # fmt: skip
        return settled


def _is_refused(answer: Receipt | Pending | Repeated) -> bool:
    return isinstance(answer, Receipt) and answer.status == "refused"


def _none_of(decision: Decision) -> list[Receipt]:
    """Refuse the good ones of an atomic batch too, because others of it are refused."""
    reason = NotAlone("another report of this atomic batch is refused; nothing was recorded")
    return [
        answer if isinstance(answer, Receipt) else refused("", reason)
        for answer in decision.answers
    ]


def _environment(store: str) -> dict[str, str]:
    if store.startswith("sqlite:"):
        return {"SQLITE_DBNAME": store.removeprefix("sqlite:///"), "ORIGINATOR_ID_TYPE": "text"}
    return {"LONGCASE_STORE_URL": store, "ORIGINATOR_ID_TYPE": "text"}
