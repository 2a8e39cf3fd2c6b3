"""What the parameters of commands hold, and how help calls it."""

from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Parameter, validators

Visibility = Literal["public", "internal", "restricted"]

Time = Annotated[str | None, Parameter(metavar="TIME")]
TimeOrPosition = Annotated[str | None, Parameter(metavar="TIME|POSITION")]
Cursor = Annotated[str | None, Parameter(metavar="CURSOR")]
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
Position = validators.Number(gte=0, lte=LARGEST)
Step = Annotated[
    int | None, Parameter(metavar="K", validator=validators.Number(gte=1, lte=LARGEST))
]
Version = Annotated[int | None, Parameter(metavar="N", validator=Position)]
Days = Annotated[int | None, Parameter(metavar="N", validator=validators.Number(gte=1, lte=36_500))]
Port = Annotated[int | None, Parameter(metavar="N", validator=validators.Number(gte=0, lte=65_535))]
Process = Annotated[int | None, Parameter(metavar="PID", validator=Position)]
Severities = tuple[Literal[1, 2, 3, 4, 5], ...]


def bare(kind: str, name: str) -> str:
    """Take ``acme`` for what it is where somebody types ``company/acme``."""
    return name.removeprefix(f"{kind}/")


def limit(most: int) -> Parameter:
    """Describe how many of something may be asked for."""
    return Parameter(metavar="N", validator=validators.Number(gte=1, lte=most))
