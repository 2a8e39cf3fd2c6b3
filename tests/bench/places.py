"""Fresh places to measure in: SQLite files, databases of a PostgreSQL of our own."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from services.config import Settings
from services.deployment import Deployment

Engine = Literal["sqlite", "postgresql"]


class Places:
    """Makes fresh databases and deployments.

    Attributes:
        root: A folder that is gone in the end.
        postgres: The server's address, if there is one.
    """

    def __init__(self, root: Path, postgres: str | None) -> None:
        self.root = root
        self.postgres = postgres
        self._numbers = itertools.count()
        self._open: list[Deployment] = []

    @property
    def engines(self) -> list[Engine]:
        """The engines that can be measured here."""
        return ["sqlite", "postgresql"] if self.postgres else ["sqlite"]

    def url(self, engine: Engine) -> str:
        """Name an empty database."""
        number = next(self._numbers)
        if engine == "sqlite":
            return f"sqlite:///{self.root / f'bench-{number}.db'}"
        from services.stack import create_database

        assert self.postgres
        return create_database(self.postgres, f"bench_{number}")

    def deployment(self, engine: Engine) -> Deployment:
        """Make an empty deployment; its control store is a file in either case."""
        home = self.root / f"home-{next(self._numbers)}"
        settings = Settings(home=home, store=self.url(engine), read_models=self.url(engine))
        made = Deployment(settings)
        self._open.append(made)
        return made

    def close(self) -> None:
        """Close every deployment that was made."""
        for deployment in self._open:
            deployment.close()


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how thoroughly to measure."""

    places: Places
    quick: bool

    @property
    def rounds(self) -> int:
        """How often everything is measured."""
        return 3 if self.quick else 5

    def size(self, full: int, quick: int) -> int:
        """Choose how much to measure with."""
        return quick if self.quick else full


@contextmanager
def places(*, postgres: bool) -> Iterator[Places]:
    """Offer places to measure in; a PostgreSQL is started for it, and stopped."""
    with tempfile.TemporaryDirectory(prefix="longcase-bench-") as name:
        root = Path(name)
        root.chmod(0o755)  # the server runs as another user, if this one is root
        url = None
        if postgres:
            from services import stack

            url = stack.up(root, brokers=0).postgres
        found = Places(root, url)
        try:
            yield found
        finally:
            found.close()
            if postgres:
                stack.down(root)
