"""Secrets that can be found again: events in which every word and sum is a marker of its own.

Whoever reads a marker has read that field of that event.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any, Final

from pydantic import BaseModel

from domain.events import Event
from tests.examples import EXAMPLES

LINKING: Final = frozenset((
    "absorbed_id", "candidate_ticket_id", "card_digest", "channel", "commitment_id",
    "consultation_id", "continues", "contract_id", "currency", "department", "entitlement_id",
    "escalation_id", "fact_key", "field", "in_reply_to", "installation_id", "interaction_id",
    "kept_id", "merge_event_id", "milestone", "moved_event_ids", "new_ticket_id",
    "other_ticket_id", "parent_company_id", "previous_parent_id", "step_id", "subsidiary_id",
    "system", "ticket_id", "ticket_ids", "to_company", "to_stream_id", "touchpoint_event_id",
))  # fmt: skip
"""Fields that say which thing is spoken of, not what is said of it."""

MARKER: Final = re.compile(r"zq\d{4}wort|(?<![\w.-])731\d{4}(?![\w-])", re.ASCII)
COMMA: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
"""What a sum may be written with."""


class Secrets:
    """Makes markers, and remembers whose each is."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self._numbers = count(1)

    def marked(self, model: type[Event], whose: str) -> dict[str, Any]:
        """Write the fields of the example of a type, with markers for whatever it tells."""
        return self._fields(EXAMPLES[model.TYPE], f"{whose} {model.TYPE}")

    def word(self, whose: str) -> str:
        """Make one more word."""
        return self._kept(f"zq{next(self._numbers):04d}wort", whose)

    def leaked(self, text: str, is_secret: Callable[[str], bool]) -> list[str]:
        """List whose markers stand in *text* though they are secret."""
        markers = set(MARKER.findall(COMMA.sub("", text)))
        return sorted({self.of[marker] for marker in markers & self.of.keys()
                       if is_secret(self.of[marker])})  # fmt: skip

    def _kept(self, marker: str, whose: str) -> str:
        self.of[marker] = whose
        return marker

    def _fields(self, part: BaseModel, whose: str) -> dict[str, Any]:
        return {
            name: value
            if name in LINKING or "Literal" in str(type(part).model_fields[name].annotation)
            else self._value(name, value, f"{whose} {name}")
            for name, value in part
        }

    def _value(self, name: str, value: Any, whose: str) -> Any:
        match value:
            case BaseModel():
                return self._fields(value, whose)
            case tuple():
                return tuple(self._value(name, each, whose) for each in value)
            case str() if name == "emails":
                return f"{self.word(whose)}@acme.tv"
            case str() if not isinstance(value, (date, datetime)):
                return self.word(whose)
            case Decimal():
                return Decimal(self._kept(str(7_310_000 + next(self._numbers)), whose))
            case int() if name in ("quantity", "seats_before", "seats_after"):
                return int(self._kept(str(7_310_000 + next(self._numbers)), whose))
            case _:
                return value
