"""How alike two texts are: the words and error codes that both have, whatever their endings.

Nothing here knows what other tickets say: the same two texts are always as alike, and in the
same words, on every database.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from typing import Final

from projections.words import cut

SHORTEST: Final = 3
"""Letters of a word that may say what a text is about; digits count whatever their number."""

STEM: Final = 4
"""Letters that a word keeps when its ending is taken off."""

LONGEST: Final = 64
"""Letters of a word that a person wrote; what is longer is a token or a part of a file."""

MOST: Final = 60
"""Different words that are looked at, of each text the first ones: the rest is mostly a quoted
mail or a log."""

TWO: Final = 2
"""Words that must be the same; a single one says little."""

ENDINGS: Final = ("ings", "ing", "ies", "ed", "es", "en", "er", "s", "e", "n", "y")

_WORDS: Final = """
the and for are was were has have had not but you your our with this that these those they
them then there here when where what which who why how can could would should will shall may
might must from into onto about after before again all any also been being because both did
does done down each few get got had her his its just like more most much new now off once one
only other out over own please same see since some still such than thank thanks too under
until use using very via want well while yes yet hello regards dear best kind greetings sent
help issue problem ticket support anyone know need needs since sometimes today yesterday
der die das den dem des ein eine einen einem und oder aber nicht ist sind war wird wir ihr
sie mit von auf bei nach seit zum zur fur haben hat bitte danke hallo gruss freundlichen
het een van voor niet zijn wordt bij naar ook nog maar onze graag groet bedankt
les des une est pas que qui pour dans sur avec nous vous bonjour merci cordialement
los las una del por para con esta este pero hola gracias saludos
"""

COMMON: Final = frozenset(_WORDS.split())
"""Words of no trouble in particular, as `cut` writes them; in five languages."""

CODES: Final = re.compile(
    r"(?<![\w-])(?:"
    r"0x[0-9A-Fa-f]{4,16}"  # 0x80070005
    r"|[A-Z][A-Z0-9]{0,11}[-_]\d{2,8}[A-Z]?"  # ERR-42, ORA-00600
    r"|[A-Z]{1,6}\d{3,8}[A-Z]?"  # E1234, SQL0911N
    r"|[A-Za-z_][\w.]{1,60}(?:Error|Exception)"  # TypeError, java.io.IOException
    r")(?![\w-])"
)
SAID: Final = re.compile(
    r"\b(?:error|err|code|status|http|fehler|erreur|fout)(?:\s+(?:code|no|nr))?\s*[:#.]?\s*"
    r"(\d{2,6})\b",
    re.IGNORECASE,
)
"""A number that is called an error: ``error code: 504``."""


def stems(text: str) -> list[str]:
    """List the different words of *text* without their endings, in order; at most 60.

    Scripts that put no spaces between words give pairs of characters.
    """
    return list(dict.fromkeys(_stems(cut(text))))[:MOST]


def forms(stem: str) -> tuple[str, ...]:
    """List how a word is mostly written whose stem is given."""
    if len(stem) < STEM or " " in stem:
        return (stem,)
    written = (stem + ending for ending in ("s", "e", "es", "ed", "ing", "en", "er"))
    doubled = (f"{stem}{stem[-1]}{ending}" for ending in ("ed", "ing"))
    return (stem, *written, *doubled)


def codes(text: str, without: Iterable[str] = ()) -> dict[str, str]:
    """Find the error codes of *text*: how they are compared, and how they are written.

    Args:
        without: Ids of products and the like, which look like codes.
    """
    found = [*CODES.findall(text), *(f"error {number}" for number in SAID.findall(text))]
    known = {_plain(one) for one in without}
    return {plain: code for code in found if (plain := _plain(code)) not in known}


def alike(one: Sequence[str], other: Sequence[str]) -> float:
    """Say how much of two lists of stems is the same, from 0 to 1.

    What both have, as a part of each, geometrically averaged: a short subject is like a long
    mail that holds it, though less than like another subject.
    """
    if not (one and other):
        return 0.0
    both = len(set(one) & set(other))
    if both < min(TWO, len(one), len(other)):
        return 0.0
    return sqrt((both / len(one)) * (both / len(other)))


def _stems(words: Iterable[str]) -> Iterator[str]:
    before = ""
    for word in words:
        single = len(word) == 1 and not word.isascii()
        if single and before:
            yield f"{before} {word}"
        before = word if single else ""
        if _tells(word):
            yield _stem(word)


def _tells(word: str) -> bool:
    if len(word) > LONGEST or word in COMMON:
        return False
    return len(word) >= SHORTEST and not word.isdecimal()


def _stem(word: str) -> str:
    """Take off an ending, and a consonant that was doubled before it: ``dropped``, ``drop``."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= STEM:
            word = word[: -len(ending)]
            break
    if len(word) > STEM and word[-1] == word[-2] and word[-1] not in "aeiou":
        return word[:-1]
    return word


def _plain(code: str) -> str:
    return re.sub(r"[^0-9a-z]", "", code.casefold())
