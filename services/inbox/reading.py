"""A record of the inbox as the CloudEvents it carries: structured, binary, or as a batch.

By the Kafka binding of CloudEvents: the header ``content-type`` names the mode, attributes of
the binary mode stand in headers ``ce_…`` as UTF-8.  Without the header, headers ``ce_…`` mean
binary mode, and a value alone must be a structured event.
"""

from typing import Final

from domain.errors import InvalidReport, Unreadable
from services import modes
from services.bus import Message
from services.modes import BATCHED, PLAIN, STRUCTURED

PREFIX: Final = "ce_"
TYPE: Final = "content-type"

TAKEN: Final = (
    f"send {STRUCTURED}, or {BATCHED}, or {PLAIN} "
    f"with the attributes in headers {PREFIX}…; in UTF-8"
)


class UnsupportedMedia(Unreadable):
    """The record comes in a form that is not taken."""


def is_batch(message: Message) -> bool:
    """Say whether a record says that it carries many events."""
    said = dict(message.headers).get(TYPE) or b""
    return said.lower().startswith(BATCHED.encode())


def events_of(message: Message) -> list[bytes]:
    """Find the events of a record, each as structured JSON.

    Raises:
        UnsupportedMedia: If its content type is none of the three.
        InvalidReport: If it carries no value, a header cannot be read or is said twice, or a
            batch is none, or empty.
    """
    said = _said(message)
    content_type, body = said.pop(TYPE, ""), message.value
    if body is None:
        raise InvalidReport("the record has no value: nothing is reported by it")
    mode = modes.mode_of(content_type, has_attributes=bool(said))
    if mode is None and content_type:
        raise UnsupportedMedia(TAKEN)
    try:
        if mode == BATCHED:
            return _not_empty(modes.events_of(body))
        if mode == PLAIN:
            attributes = {name.removeprefix(PREFIX): value for name, value in said.items()}
            return [modes.joined(attributes, body, f"{PREFIX}expectedversion")]
    except modes.Malformed as error:
        raise InvalidReport(str(error)) from None
    return [body]


def _not_empty(events: list[bytes]) -> list[bytes]:
    if not events:
        raise InvalidReport("the batch is empty: nothing is reported by it")
    return events


def _said(message: Message) -> dict[str, str]:
    """Read the headers that speak of events; others may be anything."""
    said: dict[str, str] = {}
    for header, value in message.headers:
        name = header.lower()
        if name != TYPE and not name.startswith(PREFIX):
            continue
        if name in said:
            raise InvalidReport(f"a header {TYPE} or {PREFIX}… is said twice; say it once")
        try:
            said[name] = (value or b"").decode()
        except UnicodeDecodeError:
            raise InvalidReport(f"headers {TYPE} and {PREFIX}… are UTF-8") from None
    return said
