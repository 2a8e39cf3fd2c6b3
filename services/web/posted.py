"""Forms that are sent: small, and from a page of ours."""

from typing import Final
from urllib.parse import parse_qs

from fastapi import Request

from domain.errors import TooLarge

LONGEST: Final = 4_096
"""Bytes of a form; a key has 55 characters."""


async def posted(request: Request) -> dict[str, str]:
    """Read the fields of a form; of what is said twice, the first counts.

    Raises:
        TooLarge: If it is larger than any of ours.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise TooLarge(f"a form has at most {LONGEST:,} bytes")
    fields = parse_qs(bytes(body).decode("ascii", "replace"))
    return {name: values[0].strip() for name, values in fields.items()}
