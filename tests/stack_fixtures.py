"""Real servers for the tests that ask: `kafka`, `postgres_server` and `postgres`.

The first test that asks starts them, all workers of a session share them, and none of them
outlives it: the session ends them, or a guard does when the session is killed.  Where
LONGCASE_KAFKA or LONGCASE_TEST_POSTGRES name servers, those are used.
"""

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from services.stack import Stack, create_database, down, drop_database, status, up
from services.stack.lock import locked
from services.stack.program import Command, Program, launch

HOME: Final = "LONGCASE_TEST_STACK"
"""Where the session's stack is; workers inherit it from the process that controls them."""

HEAP: Final = "512m"
"""Java's for the shared broker.  A session makes hundreds of topics of twelve partitions, and
each of them stays; with 96m the broker ends for want of memory after some 35 minutes."""

LAST_WORDS: Final = 40
"""Lines of the log of a server that ended by itself."""

REFUSED: Final = r"ignore:unclosed <socket\.socket .*laddr=\('0\.0\.0\.0', \d+\)>:ResourceWarning"
HUNG_UP: Final = r"ignore:unclosed <ssl\.SSLSocket .*:ResourceWarning"
"""kafka-python leaves the socket of a refused connection, or handshake, to the collector."""

# $0 is Python, $1 the session's process, $2 its stack, $3 the project.
GUARD: Final = """
cd "$3"
while kill -0 "$1" 2>/dev/null; do sleep 1; done
[ -d "$2" ] && "$0" -c 'import sys; from pathlib import Path; from services.stack import down
down(Path(sys.argv[1]))' "$2"
rm -rf "$2"
"""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", REFUSED)
    config.addinivalue_line("filterwarnings", HUNG_UP)
    if not _is_worker(config):
        name = f"longcase-tests-{secrets.token_hex(4)}-{os.getpid()}"
        os.environ[HOME] = str(Path(tempfile.gettempdir()) / name)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config) and (home := Path(os.environ.pop(HOME))).exists():
        down(home)
        shutil.rmtree(home)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the last words of a server that ended by itself: a hundred tests fail after it."""
    home = Path(os.environ[HOME])
    for part in status(home):
        if not part.running:
            terminalreporter.section(f"{part.name} of the shared stack ended by itself")
            log = home / "stack" / part.name / "log"
            lines = log.read_text(errors="replace").splitlines()
            terminalreporter.write_line("\n".join(lines[-LAST_WORDS:]))


@pytest.fixture(scope="session")
def kafka() -> str:
    """Bootstrap servers, `host:port,…`; topics are shared, so a test names its own."""
    return os.environ.get("LONGCASE_KAFKA") or _shared(brokers=1, postgres=False).kafka


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """URI of the server, as a user who may create databases."""
    uri = os.environ.get("LONGCASE_TEST_POSTGRES") or _shared(brokers=0, postgres=True).postgres
    assert uri
    return uri


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """URI of an empty database of the test's own."""
    name = f"test_{secrets.token_hex(8)}"
    yield create_database(postgres_server, name)
    drop_database(postgres_server, name)


def _shared(*, brokers: int, postgres: bool) -> Stack:
    """Start what the session does not have yet, once for all its workers."""
    home = Path(os.environ[HOME])
    with locked(home):
        _guard(home)
        return up(home, brokers=brokers, postgres=postgres, heap=HEAP, durable=False)


def _guard(home: Path) -> None:
    """Let a small process wait for the session's end, should it come by force."""
    pid_file = home / "guard"
    if Program.find(pid_file):
        return
    session = home.name.rpartition("-")[2]
    project = Path(__file__).parents[1]
    command: Command = ["/bin/sh", "-c", GUARD, sys.executable, session, home, project]
    if guard := launch(command, log=home / "guard.log"):
        guard.save(pid_file)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
