"""People by their names, where text is printed; documents keep their ids."""

from collections.abc import Mapping
from typing import Final

KINDS: Final = {"agent": "staff", "contact": "contact"}
"""Whose a person is who did something: ``agent/mia`` is one of ours."""


def person(names: Mapping[str, str], actor: str | None) -> str:
    """Name who did something, ``agent/mia`` or ``contact/jan``; nobody is an empty text."""
    kind, _, local_id = (actor or "").partition("/")
    return names.get(f"{KINDS[kind]}/{local_id}", local_id) if kind in KINDS else actor or ""
