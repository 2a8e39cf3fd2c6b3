"""By what a company or a person is found, each in the one form in which it is compared."""

import re
import unicodedata
from typing import Final, Literal, NamedTuple

TargetKind = Literal["company", "contact"]

SHORTEST_PHONE: Final = 6
"""Digits below which a number is an extension, not a phone."""

_WORD: Final = re.compile(r"\w+")


class Handle(NamedTuple):
    """One way to find a company or a person.

    Attributes:
        kind: ``mail``, ``phone``, ``address``, ``domain``, ``external``, ``id`` or ``word``.
        value: In its normal form.
        system: The other system, for an ``external`` id; else empty.
    """

    kind: str
    value: str
    system: str
    target_kind: TargetKind
    target_id: str


def folded(text: str) -> str:
    """Write a name without case and diacritics, as it is compared."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def words(text: str) -> list[str]:
    """List the words of a name, each in the form in which it is compared."""
    return list(dict.fromkeys(_WORD.findall(folded(text))))


def normal_mail(address: str) -> str | None:
    """Write a mail address in small letters; ``None`` if it is none."""
    mail = address.strip().lower()
    return mail if "@" in mail[1:-1] else None


def normal_phone(number: str) -> str | None:
    """Write a phone number as ``+`` and digits; ``None`` without a country, or if it is none."""
    number = number.strip()
    digits = re.sub(r"\D", "", number)
    if number.startswith("00"):
        digits = digits.removeprefix("00")
    elif not number.startswith("+"):
        return None
    return f"+{digits}" if len(digits) >= SHORTEST_PHONE else None


def domains_of(mail: str) -> list[str]:
    """List the domains a mail address lies in, its own first: ``eu.acme.tv``, ``acme.tv``."""
    labels = mail.rpartition("@")[2].split(".")
    return [".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]
