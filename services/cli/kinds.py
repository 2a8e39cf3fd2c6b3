"""What the parameters of commands hold, and how help calls it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import Parameter, Token, convert, validators

Visibility = Literal["public", "internal", "restricted"]

Time = Annotated[str | None, Parameter(metavar="TIME")]
TimeOrPosition = Annotated[str | None, Parameter(metavar="TIME|POSITION")]
Cursor = Annotated[str | None, Parameter(metavar="CURSOR", allow_leading_hyphen=True)]
Company = Annotated[str | None, Parameter(metavar="COMPANY")]
Actor = Annotated[str | None, Parameter(metavar="ACTOR")]
Text = Annotated[str | None, Parameter(metavar="TEXT")]
Id = Annotated[str | None, Parameter(metavar="ID")]
File = Annotated[Path | None, Parameter(metavar="FILE")]

Types = Annotated[tuple[str, ...], Parameter(metavar="TYPE")]
Actors = Annotated[tuple[str, ...], Parameter(metavar="ACTOR")]
Ids = Annotated[tuple[str, ...], Parameter(metavar="ID")]
Names = Annotated[tuple[str, ...], Parameter(metavar="NAME")]

LARGEST: Final = 2**63 - 1
WHOLE: Final = re.compile(r"[+-]?\d+", re.ASCII)


def whole(hint: Any, tokens: Sequence[Token]) -> Any:
    """Read whole numbers; the library alone would round a fraction.

    Raises:
        ValueError: If one is none.
    """
    for token in tokens:
        if not WHOLE.fullmatch(token.value):
            raise ValueError(f"{token.value!r} is no whole number")
    return convert(hint, tokens)


Position = validators.Number(gte=0, lte=LARGEST)
Whole = Annotated[int, Parameter(converter=whole)]
Step = Annotated[
    int | None,
    Parameter(metavar="K", converter=whole, validator=validators.Number(gte=1, lte=LARGEST)),
]
Version = Annotated[int | None, Parameter(metavar="N", converter=whole, validator=Position)]
Days = Annotated[
    int | None,
    Parameter(metavar="N", converter=whole, validator=validators.Number(gte=1, lte=36_500)),
]
Port = Annotated[
    int | None,
    Parameter(metavar="N", converter=whole, validator=validators.Number(gte=0, lte=65_535)),
]
Process = Annotated[int | None, Parameter(metavar="PID", converter=whole, validator=Position)]
Severities = Annotated[tuple[Literal[1, 2, 3, 4, 5], ...], Parameter(converter=whole)]


def bare(kind: str, name: str) -> str:
    """Take ``acme`` for what it is where somebody types ``company/acme``."""
    return name.removeprefix(f"{kind}/")


def limit(most: int) -> Parameter:
    """Describe how many of something may be asked for."""
    return Parameter(metavar="N", converter=whole, validator=validators.Number(gte=1, lte=most))
