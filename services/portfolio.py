"""Reading the portfolio: what companies are worth, and which revenue is exposed, by which rule."""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from domain.values import micros, rfc3339
from projections import dossier, portfolio
from services.audit.looks import PORTFOLIO
from services.dossiers import INTERNAL, Dossiers
from services.naming import cleaned
from services.security import Denied
from services.worth import DOSSIER

PAGE: Final = 50


class Part(NamedTuple):
    """Which part of the portfolio is asked for.

    Attributes:
        exposed: Only companies whose revenue is exposed.
    """

    offset: int = 0
    limit: int = PAGE
    exposed: bool = False


FIRST: Final = Part()


class Portfolio(Dossiers):
    """What one identity learns of all companies together."""

    def portfolio(
        self, part: Part = FIRST, as_of: datetime | None = None, known_at: int | None = None
    ) -> dict[str, Any]:
        """Read the companies within reach, exposed ones first, and the sum of what is exposed.

        The companies that are given are on record as looked at; the sums are over all.

        Args:
            as_of: As it had happened by then; ``None``: now, or where a position is given, the
                time of its recording.
            known_at: As it was recorded up to this position.

        Raises:
            Denied: If a customer asks.
        """
        reader = self._may("read")
        if reader.public_only:
            raise Denied(INTERNAL)
        position = self._folded() if known_at is None else min(known_at, self._folded())
        is_now = as_of is None and known_at is None
        at = as_of or (datetime.now(UTC) if known_at is None else self.recorded_at(known_at))
        when = (None, None) if is_now else (micros(at), position)
        found = portfolio.portfolio(dossier.standings(self.past(), reader, *when), at)
        burning = [company for company in found if company.is_exposed]
        listed = burning if part.exposed else found
        part_of_it = listed[part.offset : part.offset + part.limit]
        shown = [portfolio.row(company, at) for company in part_of_it]
        self._looked_at(shown, position)
        return {
            "as_of": rfc3339(at), "position": position, "rules": portfolio.RULES,
            "exposed": portfolio.exposed([portfolio.row(company, at) for company in burning]),
            "companies": cleaned(shown), "total": len(listed),
        }  # fmt: skip

    def _looked_at(self, rows: list[dict[str, Any]], position: int) -> None:
        with self._deployment.reads.together():
            for company_id in (
                one for row in rows for one in (row["company_id"], *row["absorbed"])
            ):
                self._note(company_id, None, position, purpose=PORTFOLIO)

    def _folded(self) -> int:
        """Say up to which position the events of all companies are folded."""
        models = self._deployment.models
        marks = models.marks(models.view(DOSSIER))
        return min((mark.position for mark in marks.values()), default=0)
