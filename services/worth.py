"""What companies were worth when things happened to them, beside the entries of their stories."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson

from domain.values import moment, rfc3339
from projections import dossier
from projections.dossier.view import known_worth
from projections.projection import View
from projections.timeline_filter import Filter
from projections.worth import context
from services.catalogue import PROJECTIONS
from services.naming import cleaned
from services.projector import history_of
from services.reading import Answer, Reading

DOSSIER: Final = PROJECTIONS["dossier"]
DAY: Final = len("2026-11-03")

Place = tuple[str, str]
"""A company, and the day on which something happened."""


class Worth(Reading):
    """What one identity learns of the worth of companies, entry by entry."""

    def past(self) -> View:
        """Look at the dossiers, the log at hand."""
        parts = self._deployment
        return parts.models.view(DOSSIER, history_of(parts.feed, parts.decisions, DOSSIER))

    def with_context(self, answer: Answer, wanted: Filter) -> Answer:
        """Put beside the entries of a page what their companies were worth."""
        page = answer.page
        entries = self.in_context(page.entries, wanted, page.position)
        return replace(answer, page=replace(page, entries=entries))

    def in_context(self, entries: list[bytes], wanted: Filter, position: int) -> list[bytes]:
        """Put beside entries of a timeline, as `context`, what their companies were worth.

        It is what was valid on the day of the entry, as far as it was known on both clocks of
        what is asked and the dossiers are folded; of the record that the entry stands in.  A
        customer is told nothing.

        Args:
            position: Up to which the page was read.
        """
        reader = self._may("read")
        if reader.public_only:
            return entries
        places = [_place(orjson.loads(entry)) for entry in entries]
        as_of = None if wanted.as_of is None else moment(wanted.as_of)
        known = dossier.stands(self.past(), reader, {company for company, _ in places})
        beside = {
            place: orjson.dumps(_context(known, place, as_of, position)) for place in set(places)
        }
        return [
            b'%b,"context":%b}' % (entry[:-1], beside[place])
            for entry, place in zip(entries, places, strict=True)
        ]

    def worth_when(
        self, company_id: str, happened: datetime, position: int
    ) -> dict[str, Any] | None:
        """Tell what a company was worth on a day, as known at a position; a customer nothing."""
        reader = self._may("read")
        if reader.public_only or not reader.may_read(company_id):
            return None
        known = dossier.stands(self.past(), reader, [company_id])
        return _context(known, (company_id, rfc3339(happened)[:DAY]), None, position)


def _place(entry: dict[str, Any]) -> Place:
    return entry["company_id"], entry["occurred_at"][:DAY]


def _context(
    known: dict[str, dict[str, Any]], place: Place, as_of: datetime | None, position: int
) -> dict[str, Any]:
    company_id, day = place
    stands = known.get(company_id)
    stated = known_worth(stands, datetime.fromisoformat(day), as_of, position) if stands else None
    told: dict[str, Any] = cleaned(context(stated))
    return told
