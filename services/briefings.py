"""The ten-second card as it is asked for: of whom, how fresh, and who was shown it.

Every card that is given stands in the read audit with its digest.  What an executive was shown
is recorded in the company's own story besides, with what makes the card again.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import uuid_utils.compat

from domain.errors import Forbidden, InvalidReport
from domain.events import Source
from domain.events.account import ExecutiveBriefed
from domain.values import rfc3339
from projections.briefing import Card, card
from services.dossiers import Dossiers
from services.freshness import Freshness, freshness
from services.reading import NotFound
from services.security import NAME, Denied
from services.wire import Report
from services.worth import DOSSIER

CANDIDATES: Final = 10
"""Companies that are named where a part of a name means several."""

SOURCE: Final = "longcase-briefing"
"""The source of what is recorded of a card that was shown."""

LOCAL: Final = "local:"
"""How the user of this machine is called."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """A card, and how fresh it is.

    Attributes:
        past: As of when it is, if that was asked.
        waited_for: The position that was waited for in vain.
    """

    card: Card
    freshness: Freshness
    past: datetime | None = None
    waited_for: int | None = None


class Briefings(Dossiers):
    """What one identity is shown of companies at a glance."""

    def meant(self, text: str) -> str:
        """Find the one company that *text* means: its id, or a part of what it is found by.

        A record that goes on in another one that is meant as well is none by itself.

        Raises:
            NotFound: If it may mean several: they are named.
        """
        found = {each["company_id"]: each for each in self.companies(text, CANDIDATES + 1)}
        if text in found:
            return text
        several = [each for each in found.values() if each.get("merged_into") not in found]
        if len(several) == 1:
            return str(several[0]["company_id"])
        if not several:
            return text  # who reads it says that there is none
        listed = [f"{each['company_id']} ({each['name'] or 'no name'})" for each in several]
        more = " and more" if len(listed) > CANDIDATES else ""
        raise NotFound(
            f"{text!r} may be one of several companies; "
            f"name one: {', '.join(listed[:CANDIDATES])}{more}"
        )

    def briefing(
        self, company_id: str, as_of: datetime | None = None, known_at: int | None = None,
        caller: dict[str, Any] | None = None, *, wait_for: int | None = None,
    ) -> Briefing:  # fmt: skip
        """Make a company's card: the same instant and position give the same one.

        Args:
            as_of: ``None``: now, or where a position is given, the time of its recording.
            wait_for: Wait up to two seconds until this position is in it.
        """
        self._staff(company_id)
        is_late = not self.has_come(wait_for, DOSSIER.name)
        past = as_of or (None if known_at is None else self.recorded_at(known_at))
        now = past or datetime.now(UTC)
        found = self.unrecorded(company_id, now, known_at)
        made = replace(card(found.document, now, found.position, caller), company_id=company_id)
        self._note(
            company_id, None, made.position, purpose="briefing", as_of=now, card_digest=made.digest
        )
        fresh = freshness(self._deployment, DOSSIER, company_id, made.position, known_at)
        return Briefing(made, fresh, past, wait_for if is_late else None)

    def may_record(self, company_id: str) -> bool:
        """Say whether one who reads may put on record who was shown a card."""
        try:
            self._may("publish", company_id)
        except Denied:
            return False
        return True

    def put_on_record(self, shown: Briefing, user_id: str) -> int:
        """Record in the company's story that one of ours was shown a card; say the position.

        Raises:
            Denied: If the key may not report.
            InvalidReport: If *user_id* is no id.
            Forbidden: If the desk refuses it.
        """
        made = shown.card
        self._may("publish", made.company_id)
        if not NAME.fullmatch(user_id):
            raise InvalidReport("who was shown it is an id of ours: letters, digits and . _ : ~ -")
        report = Report(
            event=ExecutiveBriefed(
                user_id=user_id, as_of_position=made.position, card_digest=made.digest,
                as_of=made.as_of,
            ),
            stream_id=f"company/{made.company_id}",
            occurred_at=datetime.now(UTC),
            actor=f"agent/{self._who.name.removeprefix(LOCAL)}",
            source=Source(system=SOURCE, external_id=str(uuid_utils.compat.uuid7())),
            visibility="internal",
        )  # fmt: skip
        (receipt,) = self._deployment.desk.record([report])
        if receipt.status == "refused":
            raise Forbidden(str(receipt.reason))
        return receipt.last_position or 0

    def shown(self, briefing: Briefing) -> dict[str, Any]:
        """Write a card with its names filled in."""
        made = briefing.card
        return {
            "company_id": made.company_id,
            "as_of": rfc3339(made.as_of),
            "position": made.position,
            "digest": made.digest,
            "lines": self._names.in_value([line.told for line in made.lines]),
            "sections": made.sections,
            "names": self.names_in(made.sections),
            "footer": briefing.freshness.footer(briefing.past, briefing.waited_for),
            "stale": briefing.waited_for is not None,
        }
