"""From what a source writes to what an id may be."""

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Final

LONGEST: Final = 100
"""Characters of an id made here; what is appended later (a link, a row) still fits into 128."""

AS_IT_IS: Final = re.compile(r"[A-Za-z0-9._-]+")
PLAIN: Final = re.compile(r"[A-Za-z0-9._ -]+")


@lru_cache(maxsize=65_536)
def to_id(value: str, prefix: str = "", strip: str = "") -> str:
    """Turn a value into an id: lower case, a hyphen for spaces, *prefix* before it.

    Values that differ in case, spaces or hyphens alone are one.  Where other letters had to be
    changed, a digest of the value keeps two apart that would look the same.

    >>> to_id("Location  143"), to_id("Value 22", "customer-", "Value ")
    ('location-143', 'customer-22')
    >>> to_id("Müller & Söhne")
    'muller-sohne-6d9a29bd'

    Args:
        strip: What is cut off at the beginning first.
    """
    said = " ".join(value.split())
    bare = said.removeprefix(" ".join(strip.split())).strip() or said
    if PLAIN.fullmatch(bare) and len(bare) <= LONGEST:
        return prefix + bare.lower().replace(" ", "-")
    ascii_only = unicodedata.normalize("NFKD", bare).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9._]+", "-", ascii_only.lower()).strip("-")[: LONGEST - 9]
    digest = hashlib.sha256(bare.encode()).hexdigest()[:8]
    return f"{prefix}{readable}-{digest}" if readable else f"{prefix}{digest}"


def ticket_id(value: str, prefix: str = "", strip: str = "") -> str:
    """Turn a ticket's number into an id, and leave it alone if it is one already.

    >>> ticket_id("INC0000045"), ticket_id("Case 1")
    ('INC0000045', 'case-1')
    """
    if not strip and len(value) <= LONGEST and AS_IT_IS.fullmatch(value):
        return prefix + value
    return to_id(value, prefix, strip)
