"""Whether two tickets may be about one trouble: what speaks for it, and what that weighs.

The policy is this file: who changes a weight or a bound raises `POLICY`, which stands in the id
of every suspicion that is recorded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from projections.likeness import alike, codes, stems

POLICY: Final = 1

DAY: Final = 24 * 3600 * 1_000_000
"""In microseconds, as all times here."""

LATELY: Final = 7 * DAY
"""For how long a ticket that is resolved may still be the one a new ticket is about."""

ENOUGH: Final = 50
"""The score from which on a suspicion is worth telling."""

WORTH_A_LOOK: Final = 30
"""The score from which on a ticket is named to somebody who asks."""

TEXT: Final = 50
"""What equal texts weigh; less alike ones weigh a part of it."""

ALIKE: Final = 0.25
"""How alike texts must be to count at all, from 0 to 1."""

WEIGHTS: Final = {
    "same_error_code": 30,
    "same_installation": 25,
    "same_signature": 20,
    "same_product": 10,
    "same_category": 5,
    "opened_within_a_day": 10,
    "opened_within_a_week": 5,
    "other_reporter": 5,
}
"""What each other signal adds, of 100."""

TELLING: Final = ("similar_text", "same_error_code", "same_signature")
"""Signals that tell of the trouble itself; without one of them two tickets only share a place."""

RESTRICTED: Final = "restricted_ticket"
"""The one signal of a ticket whose opening is restricted: that there is one, and nothing else."""


@dataclass(frozen=True)
class Account:
    """What a ticket says of its trouble to those who may not read what is restricted.

    Attributes:
        began: (opened at in microseconds, position of the opening).
        subject: Empty, as all texts, where nothing was said.
        said: The description and the customer's first messages.
        is_restricted: Whether its opening is; then the rest is empty.
        withheld: Installations that only restricted events name.
    """

    ticket_id: str
    began: tuple[int, int]
    subject: str = ""
    said: str = ""
    requester: str | None = None
    installations: frozenset[str] = frozenset()
    product: str | None = None
    category: str | None = None
    signature: str | None = None
    is_restricted: bool = False
    withheld: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def text(self) -> str:
        """All that was said."""
        return f"{self.subject}\n{self.said}".strip()

    @cached_property
    def subject_stems(self) -> list[str]:
        """The words of the subject alone."""
        return stems(self.subject)

    @cached_property
    def stems(self) -> list[str]:
        """The words of all that was said."""
        return stems(self.text)

    @cached_property
    def codes(self) -> dict[str, str]:
        """The error codes, as they are compared and as they were written."""
        names = (*self.installations, self.product, self.ticket_id)
        return codes(self.text, filter(None, names))


class Signal(NamedTuple):
    """One thing that speaks for a duplicate, and what it adds to the score."""

    name: str
    weight: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why a ticket may be a duplicate of another.

    Attributes:
        score: Of 100; ``None`` where the other ticket is restricted.
        shared: Words and error codes that both have.
    """

    ticket_id: str
    score: int | None
    signals: tuple[Signal, ...]
    shared: tuple[str, ...] = ()


def judge(one: Account, other: Account, enough: int = ENOUGH) -> Likeness | None:
    """Say whether, and why, *one* may be a duplicate of *other*; ``None`` if too little does.

    Of a ticket whose opening is restricted it is told that there is one for the same
    installation, never what is in it, nor how alike it is: who may not read it learns whom to
    ask, and cannot find out its words by trying some.
    """
    if other.is_restricted:
        return _withheld(one, other)
    signals = tuple(_signals(one, other))
    score = min(100, sum(signal.weight for signal in signals))
    if score < enough or not any(signal.name in TELLING for signal in signals):
        return None
    shared = [code for plain, code in one.codes.items() if plain in other.codes]
    shared += [stem for stem in one.stems if stem in other.stems]
    return Likeness(other.ticket_id, score, signals, tuple(dict.fromkeys(shared)))


def _withheld(one: Account, other: Account) -> Likeness | None:
    if not one.installations & (other.installations | other.withheld):
        return None
    return Likeness(other.ticket_id, None, (Signal(RESTRICTED, 0),))


def _signals(one: Account, other: Account) -> Iterator[Signal]:
    likeness = max(alike(one.subject_stems, other.subject_stems), alike(one.stems, other.stems))
    if likeness >= ALIKE:
        yield Signal("similar_text", round(TEXT * likeness))
    apart = abs(one.began[0] - other.began[0])
    holds = {
        "same_error_code": bool(one.codes.keys() & other.codes.keys()),
        "same_installation": bool(one.installations & other.installations),
        "same_signature": _same(one.signature, other.signature),
        "same_product": _same(one.product, other.product),
        "same_category": _same(one.category, other.category),
        "opened_within_a_day": apart <= DAY,
        "opened_within_a_week": DAY < apart <= 7 * DAY,
        "other_reporter": bool(one.requester and other.requester)
        and one.requester != other.requester,
    }
    for name, weight in WEIGHTS.items():
        if holds[name]:
            yield Signal(name, weight)


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other
