"""What is on file, and whether a question to the customer was answered there already.

A fact was on file for a question if it had happened by then and stood before it in the log: the
view as of the question's own time and position.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from domain.events import Logged, Recorded
from domain.events.company import FactLearned
from domain.values import Reader
from projections.redaction import is_closed

TYPES: Final = frozenset((FactLearned.TYPE,))


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked of a customer, or is about to be.

    Attributes:
        at: When, in microseconds since 1970.
        position: Its place in the log; one that is not asked yet stands behind everything.
        contact_id: Who was asked; the ticket's requester, if nobody is named.
        installation_ids: What the ticket is about, as far as that is known.
    """

    fact_key: str
    at: int
    position: int
    contact_id: str | None = None
    installation_ids: tuple[str, ...] = ()


class Answered(NamedTuple):
    """The fact that answers a question: where it stands, and who may read its value."""

    event_id: str
    position: int
    learned_from: str | None
    value: str | None
    redacted: bool


NOT_TOLD: Final[dict[str, Any]] = {"already_known": None, "known": None}
"""What is said of a question that the reader may not read."""


def told(answer: Answered | None) -> dict[str, Any]:
    """Say whether a question was answered on file, and by which event."""
    return {"already_known": bool(answer), "known": answer._asdict() if answer else None}


def answer_to(facts: Iterable[Logged], question: Question, reader: Reader) -> Answered | None:
    """Find the last fact that was on file for a question; ``None`` if there was none.

    Args:
        facts: Events of the company; others than facts are passed over.
        reader: Who is told; one who may not read the fact is told that it is there.
    """
    found = [logged for logged in facts if _answers(logged, question)]
    if not found:
        return None
    last = max(found, key=lambda logged: logged.happened)
    fact, closed = cast("FactLearned", last.event.data), is_closed(reader, last.event)
    return Answered(
        str(last.event.event_id),
        last.position,
        None if closed else fact.learned_from,
        None if closed else fact.value,
        closed,
    )


def asked_again(questions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Count how many questions were answered on file when they were asked.

    `rate` is ``None`` where nothing was asked, for no share of nothing is known.
    """
    again = sum(question["already_known"] is True for question in questions)
    told = sum(question["already_known"] is not None for question in questions)
    return {"asked": told, "asked_again": again, "rate": again / told if told else None}


def _answers(logged: Logged, question: Question) -> bool:
    at, position = logged.happened
    return at <= question.at and position < question.position and _is_about(logged.event, question)


def _is_about(event: Recorded[Any], question: Question) -> bool:
    """Say whether a fact is about what was asked: the same company, person or installation."""
    fact = event.data
    if not isinstance(fact, FactLearned) or fact.fact_key != question.fact_key:
        return False
    if fact.about == "contact":
        return fact.contact_id is not None and fact.contact_id == question.contact_id
    if fact.about == "installation" and question.installation_ids:
        return fact.installation_id in (None, *question.installation_ids)
    return True
