"""Reading dossiers: a company as it stands or stood, its card, what changed, and who is calling.

As every reading: authorised, cut to what the one who asks may see, on record, as of a position.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from domain.values import UNASSIGNED, Reader, micros, moment
from projections import directory, dossier
from projections.changes import Change, changes
from projections.dossier import union as unions
from projections.dossier.differences import united_in_words
from projections.dossier.view import context_of
from projections.replay_difference import Clock, Instant
from projections.unions import FOR_EVER, At, companies_in
from services.naming import cleaned_json
from services.reading import NotFound
from services.security import Denied
from services.worth import DOSSIER, Worth

INTERNAL: Final = "what we know of a company is for our own people; this key is its customer's"

MOST: Final = 500
"""Companies in one union: a group with its subsidiaries."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Instance:
    """A company's document as of an instant.

    Attributes:
        as_of: As it had happened by then; ``None``: all that is folded.
        position: The largest position that counts.
    """

    document: Document
    as_of: datetime | None
    position: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed in a company between two instants; see `projections.changes`."""

    positions: tuple[int, int]
    before: Document
    after: Document
    changes: list[Change]
    words: list[str]


class Dossiers(Worth):
    """What one identity reads of companies as a whole."""

    def dossier(
        self, company_id: str, as_of: datetime | None = None, known_at: int | None = None
    ) -> Instance:
        """Read a company's dossier.

        Args:
            as_of: As it had happened by then.
            known_at: As it was recorded up to this position.

        Raises:
            NotFound: If there is no such company.
            Denied: If a customer asks.
        """
        found = self.unrecorded(company_id, as_of, known_at)
        self._note(company_id, None, found.position, purpose="dossier")
        return found

    def unrecorded(
        self, company_id: str, as_of: datetime | None = None, known_at: int | None = None
    ) -> Instance:
        """Read what `dossier` does, for one who puts on record what is given of it.

        Raises:
            NotFound: If there is no such company.
            Denied: If a customer asks.
        """
        reader = self._staff(company_id)
        self.company(company_id)
        position = self._position(company_id, known_at)
        return self._instance(reader, company_id, as_of, position)

    def together(self, found: Instance) -> Document:
        """Tell of a company with its subsidiaries, and the records merged with it, as one.

        Those out of the reader's reach are left out, and so are more than `MOST`: both counted.
        """
        reader, now = self._may("read"), found.as_of or datetime.now(UTC)
        whole = unions.union([found.document])
        waiting, hidden = unions.members_of(found.document), set[str]()
        while waiting and len(whole) < MOST:
            member = min(waiting)
            waiting.discard(member)
            if not reader.may_read(member):
                hidden.add(member)
                continue
            self._note(member, None, found.position, purpose="dossier")
            document = self._instance(reader, member, found.as_of, found.position).document
            if document["company"]["company_id"]:
                whole[member] = document
                waiting |= unions.members_of(document) - whole.keys() - hidden
        return {**unions.shown(whole, now), "out_of_reach": len(hidden), "left_out": len(waiting)}

    def names_in(self, document: Document) -> dict[str, str]:
        """Find the names of the people that a document names by their ids."""
        return self._names.of(_people_in(document))

    def callers(self, phone: str | None = None, email: str | None = None) -> dict[str, Any]:
        """Say who is calling or writing, and how sure that is.

        Raises:
            Denied: If a customer asks.
        """
        reader = self._may("read")
        if reader.public_only:
            raise Denied(INTERNAL)
        found = directory.find(self._view("directory"), reader, phone=phone, email=email)
        for company_id in {caller["company_id"] for caller in found["callers"]} - {None}:
            self._note(company_id, purpose="caller")
        return found

    def context(self, ticket: dict[str, Any]) -> dict[str, Any] | None:
        """Tell what a ticket's reader should know of its company; a customer is told nothing."""
        company_id, reader = ticket["company_id"], self.reader()
        is_known = company_id not in (None, UNASSIGNED)
        if reader.public_only or not is_known or not reader.may_read(company_id):
            return None
        position = self._position(company_id, None)
        found = self._instance(reader, company_id, None, position)
        return context_of(found.document, ticket, datetime.now(UTC))

    def caller(
        self, company_id: str | None, phone: str | None, email: str | None
    ) -> tuple[str, dict[str, Any] | None]:
        """Find the company that is asked for, and who of it is calling, if that is asked.

        Of several who share a number it is nobody in particular.

        Raises:
            NotFound: If no company is named, and the number or address leads to none, or to
                several.
        """
        if phone is None and email is None:
            return company_id or "", None
        found = self.callers(phone, email)
        people = [
            caller
            for caller in found["callers"]
            if caller["company_id"] and company_id in (None, caller["company_id"])
        ]
        companies = sorted({caller["company_id"] for caller in people})
        if company_id is None and not companies:
            raise NotFound("unknown: nobody on file has that number or address")
        if company_id is None and len(companies) > 1:
            raise NotFound(f"people of several companies have it: name one of {companies}")
        one = people[0] if len(people) == 1 else {"contact_id": None}
        confidence = found["confidence"] if people else "unknown"
        return company_id or companies[0], {**one, "confidence": confidence}

    def company_diff(
        self, company_id: str, start: Instant, end: Instant, clock: Clock = "happened"
    ) -> Difference:
        """Say what changed in a company between two times or two positions.

        Each side holds, under `merged`, the documents of those it had absorbed by then.
        """
        before, after = (self._at(company_id, instant, clock) for instant in (start, end))
        sides = self._united(before), self._united(after)
        return Difference(
            (before.position, after.position), *sides, changes(*sides),
            self._names.in_value(united_in_words(*sides)),
        )  # fmt: skip

    def recorded_at(self, position: int) -> datetime:
        """Say when the event at a position was recorded, or the one beside it."""
        log = self._deployment.log
        rows = log.after(max(0, position - 1), 1) or log.after(max(0, log.head() - 1), 1)
        return moment(rows[0].committed_at) if rows else datetime.now(UTC)

    def _at(self, company_id: str, instant: Instant, clock: Clock) -> Instance:
        if isinstance(instant, int):
            return self.dossier(company_id, known_at=instant)
        if clock == "recorded":
            return self.dossier(company_id, known_at=self.position_at(instant))
        return self.dossier(company_id, as_of=instant)

    def _united(self, found: Instance) -> Document:
        """Put beside a company's document those of the companies it had absorbed."""
        reader, own = self._may("read"), found.document["company"]["company_id"]
        happened = FOR_EVER if found.as_of is None else micros(found.as_of)
        absorbed = companies_in(self._view("tickets"), own, At(happened, found.position))[1:]
        merged = {}
        for member in filter(reader.may_read, absorbed):
            self._note(member, None, found.position, purpose="dossier")
            part = self._instance(reader, member, found.as_of, found.position)
            merged[member] = part.document
        return {**found.document, "merged": merged}

    def _staff(self, company_id: str) -> Reader:
        reader = self._may("read", company_id)
        if reader.public_only:
            raise Denied(INTERNAL)
        if company_id == UNASSIGNED:
            raise NotFound("what belongs to no known company has no dossier; look at its tickets")
        return reader

    def _position(self, company_id: str, known_at: int | None) -> int:
        folded = self._deployment.position_of(DOSSIER, company_id)
        return folded if known_at is None else min(known_at, folded)

    def _instance(
        self, reader: Reader, company_id: str, as_of: datetime | None, position: int
    ) -> Instance:
        happened = None if as_of is None else micros(as_of)
        document = dossier.of(self.past(), reader, company_id, happened, position)
        return Instance(cleaned_json(document), as_of, position)


KINDS: Final[dict[str, str]] = {
    "contact_id": "contact", "contacts": "contact", "reporters": "contact",
    "requester_id": "contact", "to": "contact",
    "by_contact_id": "contact", "agreed_with": "contact", "agent": "staff", "staff": "staff",
    "user_id": "staff", "sold_by": "staff", "owner_id": "staff", "watchers": "staff",
    "accepted_by": "staff", "answered_by": "staff",
}  # fmt: skip
"""Which members of a document name people by their ids, and whose they are."""

ACTORS: Final[dict[str, str]] = {"agent": "staff", "contact": "contact"}
"""Whose a person is who did something: ``agent/mia`` is one of ours."""

Found = Callable[[str, str], object]


def _people_in(value: Any) -> set[str]:
    """Find the people that a document names: ``contact/ID`` and ``staff/ID``."""
    found: set[str] = set()
    _collect(value, lambda kind, person: found.add(f"{kind}/{person}"))
    return found


def _collect(value: Any, add: Found) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, add)
    elif isinstance(value, dict):
        for key, item in value.items():
            _named(key, item, add)
            _collect(item, add)


def _named(key: str, item: Any, add: Found) -> None:
    """Find whom one member of a document names."""
    listed = item if isinstance(item, list) else [item]
    people = [person for person in listed if isinstance(person, str)]
    if key in KINDS:
        for person in people:
            add(KINDS[key], person)
    elif key in ("by", "actor"):
        for kind, _, person in (actor.partition("/") for actor in people):
            if person and kind in ACTORS:
                add(ACTORS[kind], person)
    elif key == "people" and isinstance(item, dict):
        for person in item:
            add("contact", person)
    elif key == "relations" and isinstance(item, dict):
        for agent, known in item.items():
            add("staff", agent)
            for person in known:
                add("contact", person)
