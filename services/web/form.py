"""The filters of a timeline page, as they stand in its address and in its form."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from domain.errors import QueryRefused
from domain.events import TYPES
from domain.values import micros
from projections.timeline_filter import Filter
from services.api.query import DAY, known, moment
from services.reading import Reading
from services.web.words import kind

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "messages": (
        "ticket.customer_message_received", "ticket.agent_replied", "ticket.internal_note_added",
        "interaction.logged",
    ),
    "promises": (
        "ticket.commitment_made", "ticket.commitment_kept", "ticket.commitment_broken",
        "ticket.commitment_withdrawn",
    ),
    "escalations": (
        *(
            f"{kind}.escalation_{what}"
            for kind in ("ticket", "company")
            for what in ("raised", "accepted", "declined", "updated", "resolved")
        ),
    ),
    "course": (
        "ticket.opened", "ticket.assigned", "ticket.put_on_hold", "ticket.resumed",
        "ticket.resolved", "ticket.reopened", "ticket.closed",
    ),
    "tried": ("ticket.step_recorded", "ticket.consultation_requested",
              "ticket.consultation_accepted", "ticket.consultation_answered",
              "ticket.consultation_declined", "ticket.consultation_closed",
              "ticket.fact_requested"),
}  # fmt: skip
"""What is often looked for together."""

GROUP_WORDS: Final = {
    "messages": "Messages, notes, talks",
    "promises": "Promises",
    "escalations": "Escalations",
    "course": "Opened, held, resolved",
    "tried": "What was tried and asked",
}

CHOICES: Final = sorted(
    ((kind(name), name) for name in TYPES if not name.startswith("reads.")),
    key=lambda choice: choice[0].lower(),
)

LABELS: Final = {
    "search": "Words", "type": "What", "ticket": "Ticket", "contact": "Person",
    "from": "From", "to": "To", "as_of": "As of", "known_at": "Known by",
    "severity": "Severity", "visibility": "For", "department": "Department", "channel": "Channel",
    "events": "Evidence",
}  # fmt: skip
"""The filters, in the order in which they are named."""

ORDERS: Final = ("desc", "asc")

MOMENT: Final = ("as_of", "known_at")
"""The filters that turn a clock back, for the card as for the timeline."""

CALLER: Final = ("phone", "email")
"""By what the address may say who is calling; no filter."""

LONGEST: Final = 200
"""Letters of a phone number or a mail address."""


@dataclass(frozen=True)
class Form:
    """What was asked, as text; what is empty filters nothing.

    Attributes:
        caller: Who is calling, by one of `CALLER`, if that is known.
    """

    company_id: str
    values: dict[str, str]
    caller: dict[str, str]
    order: str
    after: str | None
    before: str | None

    @classmethod
    def of(cls, company_id: str, asked: QueryParams) -> "Form":
        """Read a page's address; of what is said twice, the last counts.

        Raises:
            QueryRefused: If who is calling is no text that can be looked up.
        """
        values = {name: text for name in LABELS if (text := asked.get(name, "").strip())}
        order = "asc" if asked.get("order") == "asc" else "desc"
        said = {name: text for name in CALLER if (text := asked.get(name, "").strip())}
        if any("\x00" in text or len(text) > LONGEST for text in said.values()):
            raise QueryRefused(f"a number or an address has at most {LONGEST} letters, and no NUL")
        caller = dict([*said.items()][:1])  # whoever gives both is known by the number
        return cls(company_id, values, caller, order, asked.get("after"), asked.get("before"))

    def get(self, name: str) -> str:
        """Say what was asked of one filter."""
        return self.values.get(name, "")

    @property
    def is_as_of(self) -> bool:
        """Whether the page shows how it was, not how it is."""
        return bool(self.get("as_of") or self.get("known_at"))

    @property
    def is_narrowed(self) -> bool:
        """Whether more is filtered than by the moment."""
        return bool(self.values.keys() - {*MOMENT})

    def filter(self, read: Reading) -> Filter:
        """Build the filter of the projection's query.

        Raises:
            QueryRefused: If a value makes no sense.
            BadRequest: If `known_at` is neither a time nor a position.
        """
        wanted = self.get("type")
        types = GROUPS.get(wanted, (wanted,)) if wanted else ()
        severity = self.get("severity")
        if severity and severity not in "12345":
            raise QueryRefused("a severity is a number from 1 to 5")
        return Filter(
            since=_start(self.get("from")), until=_end(self.get("to")),
            as_of=_end(self.get("as_of"), -1), known_at=known(read, self.get("known_at") or None),
            types=types, tickets=self._one("ticket"), contacts=self._one("contact"),
            severities=(int(severity),) if severity else (),
            visibilities=self._one("visibility"), departments=self._one("department"),
            channels=self._one("channel"), search=self.get("search") or None,
            events=tuple(filter(None, self.get("events").split(","))),
        )  # fmt: skip

    def url(self, **changed: str | None) -> str:
        """Write the address of this page with something changed; ``None`` takes it out."""
        asked: dict[str, str | None] = {**self.caller, **self.values, **changed}
        if self.order != ORDERS[0] and "order" not in changed:
            asked["order"] = self.order
        return address(self.company_id, asked)

    def evidence(self, events: Iterable[str]) -> str:
        """Write the address of this page, as of the same moment, with these events alone."""
        moment = {name: self.get(name) for name in MOMENT}
        return address(self.company_id, {**self.caller, "events": ",".join(events), **moment})

    def chips(self, people: dict[str, str]) -> Iterator[tuple[str, str, str]]:
        """Yield each filter in force: what it is, its value, the address without it."""
        for name, value in self.values.items():
            shown = people.get(value, value) if name == "contact" else value
            if name == "type":
                shown = GROUP_WORDS.get(value) or kind(value)
            if name == "events":
                many = value.count(",") + 1
                shown = "1 event" if many == 1 else f"{many:,} events"
            yield LABELS[name], shown, self.url(**{name: None})

    def _one(self, name: str) -> tuple[str, ...]:
        value = self.get(name)
        return (value,) if value else ()


def address(company_id: str, asked: Mapping[str, str | None]) -> str:
    """Write the address of a company's page; what is empty is left out."""
    query = urlencode({name: value for name, value in asked.items() if value}, safe=",")
    return f"/companies/{company_id}{'?' if query else ''}{query}"


def is_untidy(asked: QueryParams) -> bool:
    """Say whether a form was sent with fields left empty: its address can be shorter."""
    return any(not value for _, value in asked.multi_items())


def _start(text: str) -> int | None:
    return micros(_moment(text)) if text else None


def _end(text: str, plus: int = 0) -> int | None:
    """Say the end of a day, or a time, and *plus* microseconds."""
    if not text:
        return None
    found = micros(_moment(text))
    if len(text) == DAY:
        return found + timedelta(days=1) // timedelta(microseconds=1) + plus
    return found


def _moment(text: str) -> datetime:
    try:
        return moment(text).astimezone(UTC)
    except ValueError as error:
        raise QueryRefused(str(error)) from None
