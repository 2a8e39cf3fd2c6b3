"""Sealing: the desk seals text before it is encoded, the projector opens it before it is read.

A sealed text is a token: ``sealed:1:<key id>:<nonce, ciphertext, tag>`` in base64url.  The key
is the person's or the company's; destroying it makes the text unreadable everywhere, while
every byte that is stored, sent and hashed stays as it is.
"""

import base64
import os
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any, Final, TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import PersonErased
from domain.events import Event, Recorded
from domain.events.base import Mark, Part, changed, marks
from services.control import Keyring

PREFIX: Final = "sealed:1:"
ERASED: Final = "[erased]"
"""What stands where a text was whose key is destroyed."""

NONCE: Final = 12
P = TypeVar("P", bound=Part)
E = TypeVar("E", bound=Event)
Change = Callable[[str, str, str], str]
"""(text, whose key, field path) to the new text."""


def subjects(event: Event, stream_id: str, company_id: str | None) -> Iterator[str]:
    """Yield whose keys are needed to seal *event*, with repeats."""
    yield from _owners(event, _owner(stream_id, company_id), stream_id)


def seal(event: E, event_id: UUID, stream_id: str, company_id: str | None, keyring: Keyring) -> E:
    """Seal every text of an event that is about to be recorded, each with its own key.

    Raises:
        PersonErased: If the key it needs was destroyed.
    """
    if not _texted(type(event)):
        return event

    def change(text: str, whose: str, field: str) -> str:
        found = keyring.key_of(whose)
        if found is None:
            raise PersonErased(f"{whose} was erased; nothing more is recorded about them")
        return seal_text(text, *found, binding(stream_id, event_id, field))

    return _changed(event, change, _owner(stream_id, company_id), stream_id)


def unseal(happened: Recorded[Any], keyring: Keyring) -> Recorded[Any]:
    """Open every text of an event; where the key is gone `ERASED` stands instead."""
    model: type[Event] = type(happened.data)
    if not _texted(model):
        return happened
    stream_id = happened.stream_id

    def change(text: str, _: str, field: str) -> str:
        return open_text(text, keyring, binding(stream_id, happened.event_id, field))

    owner = _owner(stream_id, happened.company_id)
    data = _changed(happened.data, change, owner, stream_id)
    return happened if data is happened.data else changed(happened, {"data": data})


def binding(stream_id: str, event_id: UUID, field: str) -> bytes:
    """Bind a token to its place: it cannot be moved to another stream, event or field."""
    return f"{stream_id}|{event_id}|{field}".encode()


def seal_text(
    text: str, key_id: str, key: bytes, binding: bytes, nonce: bytes | None = None
) -> str:
    """Turn *text* into a token."""
    nonce = nonce or os.urandom(NONCE)
    sealed = nonce + _cipher(key).encrypt(nonce, text.encode(), binding)
    return f"{PREFIX}{key_id}:{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"


def open_text(token: str, keyring: Keyring, binding: bytes) -> str:
    """Turn a token back into text; `ERASED` if its key is gone.

    Raises:
        ValueError: If the token was changed, or stands in another place than it was made for.
    """
    if not token.startswith(PREFIX):
        raise ValueError("a text in the store is not sealed")
    key_id, _, body = token[len(PREFIX) :].partition(":")
    key = keyring.key(key_id)
    if key is None:
        return ERASED
    sealed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    try:
        return _cipher(key).decrypt(sealed[:NONCE], sealed[NONCE:], binding).decode()
    except InvalidTag:
        raise ValueError("a sealed text was changed, or moved from where it was") from None


@lru_cache(4096)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def _owner(stream_id: str, company_id: str | None) -> str:
    return stream_id if company_id is None else f"company/{company_id}"


def _whose(mark: Mark, part: Part, owner: str, stream_id: str) -> str:
    """Say whose key seals a field: the person's it is about, else the company's."""
    if mark.seal is not None and mark.seal.whose == "person":
        person = getattr(part, part.ABOUT) if part.ABOUT else None
        if person:
            return f"contact/{person}"
        if stream_id.startswith("contact/"):
            return stream_id
    return owner


@cache
def _texted(model: type[Part]) -> tuple[Mark, ...]:
    """List the fields of *model* that hold text, or parts that do."""
    return tuple(m for m in marks(model) if m.seal or (m.part and _texted(m.part)))


def _owners(part: Part, owner: str, stream_id: str) -> Iterator[str]:
    for mark in _texted(type(part)):
        value = getattr(part, mark.field)
        if not value:
            continue
        if mark.seal:
            yield _whose(mark, part, owner, stream_id)
            continue
        for item in value if mark.many else (value,):
            yield from _owners(item, owner, stream_id)


def _changed(part: P, change: Change, owner: str, stream_id: str, path: str = "") -> P:
    update: dict[str, Any] = {}
    for mark in _texted(type(part)):
        value = getattr(part, mark.field)
        if value is None or value == ():
            continue
        field = path + mark.field
        if mark.seal:
            whose = _whose(mark, part, owner, stream_id)
            update[mark.field] = (
                tuple(change(item, whose, f"{field}[{i}]") for i, item in enumerate(value))
                if mark.many
                else change(value, whose, field)
            )
        elif mark.many:
            update[mark.field] = tuple(
                _changed(item, change, owner, stream_id, f"{field}[{i}].")
                for i, item in enumerate(value)
            )
        else:
            update[mark.field] = _changed(value, change, owner, stream_id, f"{field}.")
    return changed(part, update) if update else part
