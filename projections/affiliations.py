"""Who belonged to which company, and when: dated ties, folded from what was said of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.values import Reader, everything, micros, moment
from projections.chunks import in_chunks
from projections.database import Row
from projections.projection import View

COLUMNS: Final = (
    "position", "occurred_at", "company_id", "contact_id", "ended", "role", "title", "vip",
    "valid_from", "valid_to", "restricted",
)  # fmt: skip

EVERYTHING: Final = everything()


@dataclass(frozen=True, slots=True)
class Tie:
    """A person's belonging to a company, in one role, from a day to a day.

    Attributes:
        valid_from: ISO date; ``None`` where nobody said.
        valid_to: ISO date of the first day it is no more; ``None`` while it lasts.
    """

    company_id: str
    contact_id: str
    role: str | None
    title: str | None
    vip: bool
    valid_from: str | None
    valid_to: str | None = None

    def lasts(self, on: datetime | None = None) -> bool:
        """Say whether it lasts, or lasted on a day."""
        if on is None:
            return self.valid_to is None
        day = on.date().isoformat()
        return (self.valid_from or "") <= day and (self.valid_to is None or day < self.valid_to)


def ties(
    view: View,
    reader: Reader = EVERYTHING,
    *,
    companies: Iterable[str] = (),
    contacts: Iterable[str] = (),
    as_of: datetime | None = None,
    known_at: int | None = None,
) -> list[Tie]:
    """List the ties of companies or contacts, as they had happened and were known.

    What *reader* may not read was never said.
    """
    select = f"SELECT {', '.join(COLUMNS)} FROM {{affiliations}} WHERE"
    rows = {
        row[0]: row
        for column, ids in (("company_id", companies), ("contact_id", contacts))
        for row in in_chunks(view, f"{select} {column} IN (…)", ids)
    }
    happened = None if as_of is None else micros(as_of)
    within = [
        row
        for row in rows.values()
        if (known_at is None or row[0] <= known_at)
        and (happened is None or row[1] <= happened)
        and (not row[-1] or "restricted" in reader.visibilities)
    ]
    return _folded(sorted(within, key=lambda row: (row[1], row[0])))


def _folded(rows: Iterable[Row]) -> list[Tie]:
    """Fold what was said, in order: a new role or an end closes the tie that lasted."""
    lasting: dict[tuple[str, str], Tie] = {}
    closed: list[Tie] = []
    for _, at, company_id, contact_id, ended, role, title, vip, valid_from, valid_to, _ in rows:
        key, day = (company_id, contact_id), moment(at).date().isoformat()
        before = lasting.pop(key, None)
        if before and (ended or (before.valid_from or "") < (valid_from or day)):
            closed.append(replace(before, valid_to=valid_to if ended else valid_from or day))
        elif ended:
            closed.append(Tie(company_id, contact_id, None, None, vip=False, valid_from=None,
                              valid_to=valid_to))  # fmt: skip
        if not ended:
            lasting[key] = Tie(company_id, contact_id, role, title, bool(vip), valid_from)
    return [*closed, *lasting.values()]
