"""What goes on inside another: merged tickets, contacts and companies, and subsidiaries.

Merges are pointers.  A projection keeps what was said of them, with when and where it was said,
and joins when it is read: as of a time, as known at a position, and exactly as before once a
merge is reverted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from domain.events import Logged
from domain.events.account import CompaniesMerged, CompanyMergeReverted, CompanyParentSet
from domain.events.contact import ContactMergeReverted, ContactsMerged
from domain.events.ticket import TicketMergeReverted, TicketsMerged
from domain.values import ticket_chain
from projections.chunks import in_chunks
from projections.database import Row
from projections.projection import View

Kind = Literal["ticket", "contact", "company", "subsidiary"]

COLUMNS: Final = ("position", "occurred_at", "kind", "part", "whole", "event_id", "reverts")

SCHEMA: Final = (
    """CREATE TABLE {unions} (
    position {bigint} PRIMARY KEY,
    occurred_at {bigint} NOT NULL,
    kind {text} NOT NULL,
    part {text} NOT NULL,
    whole {text},
    event_id {text} NOT NULL,
    reverts {text})""",
    "CREATE INDEX {unions}_by_whole ON {unions} (whole, kind)",
    "CREATE INDEX {unions}_by_part ON {unions} (part, kind)",
)

FOR_EVER: Final = 2**63 - 1

HAS_PARTS: Final = "EXISTS (SELECT 1 FROM {unions} WHERE whole = ? AND kind = 'company')"
"""Whether any company was ever merged into one: a column beside others, asked only once."""


class At(NamedTuple):
    """As of when: what had happened by a time, and was recorded by a position.

    Attributes:
        as_of: In microseconds since 1970.
    """

    as_of: int = FOR_EVER
    known_at: int = FOR_EVER


NOW: Final = At()


def keep(view: View, page: Iterable[Logged]) -> None:
    """Keep what a page of events says of merges and parents."""
    rows = [row for logged in page if (row := _said(logged))]
    view.insert("unions", COLUMNS, rows)


def parts(view: View, kind: Kind, wholes: Iterable[str], at: At = NOW) -> list[str]:
    """List what goes on inside any of *wholes*, directly or not; not themselves."""
    asked = list(dict.fromkeys(wholes))
    found = dict.fromkeys(asked)
    while asked:
        candidates = {part for part, in in_chunks(
            view, "SELECT part FROM {unions} WHERE kind = ? AND whole IN (…)", asked, (kind,)
        )}  # fmt: skip
        into = wholes_of(view, kind, candidates, at)
        asked = [part for part in sorted(into) if into[part] in found and part not in found]
        found.update(dict.fromkeys(asked))
    return list(found)[len(dict.fromkeys(wholes)) :]


def wholes_of(view: View, kind: Kind, ids: Iterable[str], at: At = NOW) -> dict[str, str]:
    """Say in what each of *ids* goes on, directly; those that stand alone are left out."""
    rows = in_chunks(
        view,
        f"SELECT {', '.join(COLUMNS)} FROM {{unions}} WHERE kind = ? AND occurred_at <= ? "
        "AND position <= ? AND part IN (…)",
        sorted(set(ids)),
        (kind, at.as_of, at.known_at),
    )
    return _folded(sorted(rows, key=lambda row: (row[1], row[0])))


def root_of(view: View, kind: Kind, ids: Iterable[str], at: At = NOW) -> dict[str, str]:
    """Say what each of *ids* is in the end: itself, if it stands alone."""
    asked = list(ids)
    into = known = wholes_of(view, kind, asked, at)
    while into:
        into = wholes_of(view, kind, set(into.values()) - known.keys(), at)
        known = {**known, **into}
    return {one: _top(one, known) for one in asked}


def _top(one: str, into: Mapping[str, str]) -> str:
    seen = {one}
    while (above := into.get(one)) and above not in seen:
        one = above
        seen.add(one)
    return one


def companies_in(view: View, company_id: str, at: At = NOW, *, roll_up: bool = False) -> list[str]:
    """List a company and those it absorbed; rolled up, also those that belong to any of them."""
    found = [company_id, *parts(view, "company", [company_id], at)]
    fresh = found if roll_up else []
    while fresh:
        below = parts(view, "subsidiary", fresh, at)
        below += parts(view, "company", below, at)
        fresh = [one for one in dict.fromkeys(below) if one not in found]
        found += fresh
    return found


@dataclass
class Merges:
    """What was said of merged companies, as a replay comes upon it."""

    rows: list[Row] = field(default_factory=list)

    def take(self, logged: Logged) -> None:
        """Take over an event, if it tells of a merge."""
        if (row := _said(logged)) and row[2] == "company":
            self.rows.append(row)

    def companies_in(self, company_id: str) -> list[str]:
        """List a company, and those it has absorbed by now."""
        into = _folded(self.rows)
        return [company_id, *(one for one in into if one != company_id
                              and _top(one, into) == company_id)]  # fmt: skip


def _said(logged: Logged) -> Row | None:
    recorded = logged.event
    kind: Kind
    local = recorded.local_id if recorded.kind != "ticket" else ticket_chain(recorded.local_id)
    whole: str | None = None
    reverts: str | None = None
    match recorded.data:
        case TicketsMerged(kept_id=kept):
            kind, whole = "ticket", ticket_chain(kept)
        case ContactsMerged(kept_id=kept):
            kind, whole = "contact", kept
        case CompaniesMerged(kept_id=kept, absorbed_id=absorbed) if absorbed == local:
            kind, whole = "company", kept
        case CompanyParentSet(parent_company_id=parent):
            kind, whole = "subsidiary", parent
        case TicketMergeReverted(merge_event_id=merge):
            kind, reverts = "ticket", str(merge)
        case ContactMergeReverted(merge_event_id=merge):
            kind, reverts = "contact", str(merge)
        case CompanyMergeReverted(merge_event_id=merge):
            kind, reverts = "company", str(merge)
        case _:
            return None
    at, position = logged.happened
    return position, at, kind, local, whole, str(recorded.event_id), reverts


def _folded(rows: Sequence[Row]) -> dict[str, str]:
    """Fold what was said, in order: the last merge in force counts, or the last parent."""
    undone = {reverts for *_, reverts in rows if reverts}
    into: dict[str, str] = {}
    for _, _, kind, part, whole, event_id, _ in rows:
        if whole and event_id not in undone:
            into[part] = whole
        elif kind == "subsidiary":
            into.pop(part, None)
    return into
