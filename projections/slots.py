"""Names of people are filled in when a document is read, never when it is rendered.

A rendered text holds a *slot* where a person is named: two private characters around
``contact/jan-peeters`` or ``staff/mia``.  So a renamed or erased person needs no rewriting, and
digests are taken before filling.
"""

import re
from collections.abc import Callable
from typing import Final, Literal

import orjson

OPENS: Final = "\ue000"
CLOSES: Final = "\ue001"

Names = Callable[[set[str]], dict[str, str]]
"""Finds the names of people by ``contact/ID`` or ``staff/ID``; unknown ones are left out."""

_FORGED: Final = str.maketrans({OPENS: "\ufffd", CLOSES: "\ufffd"})
_PRIVATE: Final = OPENS.encode()[:2]
"""The bytes that both characters begin with, and few others."""

_SLOT: Final = re.compile(
    b"%b((?:contact|staff)/[A-Za-z0-9._:~-]{1,128})%b" % (OPENS.encode(), CLOSES.encode())
)
SLOT: Final = re.compile(f"{OPENS}((?:contact|staff)/[^{OPENS}{CLOSES}]+){CLOSES}")


def slot(kind: Literal["contact", "staff"], id: str) -> str:
    """Name a person, to be filled in on reading."""
    return f"{OPENS}{kind}/{id}{CLOSES}"


def clean(text: str) -> str:
    """Take our two characters out of a user's text, so that nobody can forge a slot."""
    return text.translate(_FORGED)


def clean_json(document: bytes) -> bytes:
    """Do the same to JSON that holds no slot of ours."""
    if _PRIVATE not in document:
        return document
    return clean(document.decode()).encode()


def fill(document: bytes, names: Names) -> bytes:
    """Put names into all slots of some JSON; a person without a name is called by the id."""
    if _PRIVATE not in document:
        return document
    parts = _SLOT.split(document)  # text, person, text, person, … text
    if len(parts) == 1:
        return document
    people = {person: person.decode() for person in parts[1::2]}
    found = names(set(people.values()))
    written = {
        person: orjson.dumps(found.get(name, name.split("/", 1)[1]))[1:-1]
        for person, name in people.items()
    }
    parts[1::2] = [written[person] for person in parts[1::2]]
    return b"".join(parts)
