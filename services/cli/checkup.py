"""What `longcase doctor` looks at, one function for each thing."""

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from projections.database import Database
from services.catalogue import PROJECTIONS
from services.cli.errors import safe
from services.config import PREFIX, Settings, masked
from services.deployment import Deployment
from services.health import WELL, watching
from services.pairing import KeysMissing, missing_keys
from services.standing import standing

if TYPE_CHECKING:
    from services.bus import Brokers

State = Literal["ok", "warn", "FAIL"]

PYTHON: Final = (3, 11)
SQLITE: Final = (3, 38, 0)
"""The oldest SQLite whose JSON, RETURNING and STRICT we were tested with."""

TIGHT, SCARCE = 1 << 30, 100 << 20
"""Bytes left on the disk below which we warn, and below which we fail."""

LAGGING: Final = 60.0
"""Seconds that a projection may be behind."""

NEW: Final = "is made when it is first needed"
LOST: Final = "it is gone, and with it the keys of every text: restore it from a backup"

OLDER: Final = (
    "{:,} of the {:,} keys that the newest texts are sealed with are not in the control store: it "
    "is older than the events, and those texts show as erased; stop everything, and put the "
    "newest control store in its place (see docs/operations.md)"
)

LOCAL: Final = {"localhost", "127.0.0.1", "::1"}
"""Hosts that need no encryption."""

STORES: Final = ("store", "read_models", "control")


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and what to do."""

    state: State
    what: str
    found: str


def checkup(settings: Settings) -> Iterator[Check]:
    """Look at everything; what cannot be looked at has failed."""
    for what, look in MACHINE.items():
        yield from _looked(what, look, settings)
    databases = list(_databases(settings))
    yield from databases
    if all(check.state == "ok" for check in databases):
        for what, look in WITHIN.items():
            yield from _looked(what, look, settings)
    yield from _looked("Kafka", _kafka, settings)


def _looked(what: str, look: "Look", settings: Settings) -> Iterator[Check]:
    try:
        yield from look(settings)
    except Exception as error:  # noqa: BLE001  whatever is broken is what the doctor is for
        yield Check("FAIL", what, _why(error))


def initialise(settings: Settings) -> list[Check]:
    """Make what is missing: tables and topics."""
    made = []
    steps: dict[str, Callable[[Settings], object]] = {"tables": _make_tables}
    if settings.kafka:
        steps["topics"] = _make_topics
    for name, make in steps.items():
        try:
            make(settings)
            made.append(Check("ok", name, "are there"))
        except Exception as error:  # noqa: BLE001  the next step is tried all the same
            made.append(Check("FAIL", name, _why(error)))
    return made


def _make_tables(settings: Settings) -> None:
    with Deployment(settings) as deployment:
        _ = deployment.desk
        for projection in PROJECTIONS.values():
            deployment.models.view(projection)


def _make_topics(settings: Settings) -> None:
    from services.bus import brokers_of, create_topics

    create_topics(brokers_of(settings))


def _python(_: Settings) -> Iterator[Check]:
    good = sys.version_info >= PYTHON
    yield Check("ok" if good else "FAIL", "Python", platform.python_version())


def _packages(settings: Settings) -> Iterator[Check]:
    wanted: dict[str, tuple[str, ...]] = {"web": ("fastapi", "uvicorn", "jinja2")}
    if any(not _is_sqlite(getattr(settings, name)) for name in STORES):
        wanted["postgres"] = ("psycopg",)
    for extra, packages in wanted.items():
        missing = [package for package in packages if find_spec(package) is None]
        told = f"without {', '.join(missing)}: pip install 'longcase[{extra}]'"
        yield Check("warn" if missing else "ok", f"[{extra}]", told if missing else "installed")


def _sqlite(settings: Settings) -> Iterator[Check]:
    if not any(_is_sqlite(getattr(settings, name)) for name in STORES):
        return
    old = sqlite3.sqlite_version_info < SQLITE
    yield Check("FAIL" if old else "ok", "SQLite", sqlite3.sqlite_version)
    try:
        with closing(sqlite3.connect(":memory:")) as memory:
            memory.execute("CREATE VIRTUAL TABLE probe USING fts5(words)")
        yield Check("ok", "SQLite FTS5", "there, for the full-text search")
    except sqlite3.OperationalError:
        yield Check("FAIL", "SQLite FTS5", "missing: use a Python whose SQLite has FTS5")


def _home(settings: Settings) -> Iterator[Check]:
    home = settings.home
    if not home.exists():
        yield Check("ok", "home", f"{home} {NEW}")
        return
    mode = home.stat().st_mode & 0o777
    if not os.access(home, os.W_OK | os.X_OK):
        yield Check("FAIL", "home", f"{home} cannot be written; set {PREFIX}HOME")
    elif mode & 0o077:
        yield Check("warn", "home", f"{home} is open to others ({mode:o}): chmod 700 {home}")
    else:
        yield Check("ok", "home", str(home))


def _disk(settings: Settings) -> Iterator[Check]:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    state: State = "FAIL" if free < SCARCE else "warn" if free < TIGHT else "ok"
    told = f"{free / 2**30:,.1f} GB free"
    yield Check(
        state, "disk", told if state == "ok" else f"{told}: make room, or move {PREFIX}HOME"
    )


def _databases(settings: Settings) -> Iterator[Check]:
    for name in STORES:
        url, label = getattr(settings, name), name.replace("_", " ")
        if not _exists(url):
            lost = name == "control" and _exists(settings.store)
            yield Check("FAIL", label, LOST) if lost else Check("ok", label, f"{masked(url)} {NEW}")
            continue
        try:
            Database(url).close()
            yield Check("ok", label, masked(url))
        except Exception as error:  # noqa: BLE001  each database is looked at by itself
            yield Check(
                "FAIL", label, f"{masked(url)}: {_why(error)}; check {PREFIX}{name.upper()}"
            )


def _log(settings: Settings) -> Iterator[Check]:
    if not all(_exists(getattr(settings, name)) for name in STORES):
        return
    with Deployment(settings) as deployment:
        try:
            head = deployment.log.head()
        except KeysMissing:  # what is looked at next says so
            return
        empty = "nothing is recorded yet; longcase run --sample brings some"
        yield Check("ok", "head", f"position {head:,}" if head else empty)
        for found in standing(deployment):
            is_well = found["state"] in WELL and found["lag_seconds"] <= LAGGING
            count = found["lag_events"]
            told = f"{count:,} event{'' if count == 1 else 's'} behind"
            told += f", {found['lag_seconds']:,.0f} s" if count else ""
            if found["reason"]:
                told += f"; {found['state'].replace('_', ' ')}: {found['reason']}"
            yield Check("ok" if is_well else "warn", f"projection {found['name']}", told)
        yield _watcher(settings, watching(deployment))


def _watcher(settings: Settings, found: dict[str, Any]) -> Check:
    """Say whether what follows is recorded; embedded, that is while something is served."""
    if found["position"] is None:
        return Check("ok", "watcher", "never begun: longcase run and longcase serve watcher do")
    count = found["lag_events"]
    told = f"{found['state'].replace('_', ' ')}, {count:,} event{'' if count == 1 else 's'} behind"
    is_well = found["state"] in WELL and found["lag_seconds"] <= LAGGING
    rests = found["state"] == "stopped" and not settings.kafka
    if found["reason"]:
        told += f": {found['reason']}"
    return Check("ok" if is_well or rests else "warn", "watcher", told)


def _keyring(settings: Settings) -> Iterator[Check]:
    if not (_exists(settings.store) and _exists(settings.control)):
        return
    with Deployment(settings) as deployment:
        _ = deployment.desk  # looks whether the keys are those of the store
        held = deployment.control.database.execute(
            "SELECT count(*) FROM keyring WHERE key IS NOT NULL"
        )[0][0]
        asked, missing = missing_keys(deployment.log, deployment.control)
        if missing:
            yield Check("FAIL", "keyring", OLDER.format(missing, asked))
            return
        yield Check("ok", "keyring", f"{held:,} keys; back it up apart from the events")


def _kafka(settings: Settings) -> Iterator[Check]:
    if not settings.kafka:
        yield Check("ok", "Kafka", f"not used: embedded; {PREFIX}KAFKA names the brokers")
        return
    from services.bus import TopicMissing, Topics, brokers_of, describe

    topics, brokers = Topics(), brokers_of(settings)
    yield _line(brokers)
    yield from map(_kept_to_ourselves, _secrets(settings))
    try:
        found = describe(brokers, [topics.events, topics.reads, topics.public])
        partitions = found[topics.events].partitions
        yield Check("ok", "Kafka", f"{settings.kafka}, {topics.events} of {partitions} partitions")
    except TopicMissing as error:
        yield Check("FAIL", "Kafka", f"{error}: longcase doctor --init makes the topics")


def _line(brokers: "Brokers") -> Check:
    """Say how the line is secured; one that leaves this machine should be encrypted."""
    hosts = {where.strip().rpartition(":")[0].strip("[]") for where in brokers.servers.split(",")}
    if brokers.is_tls or hosts <= LOCAL:
        return Check("ok", "Kafka line", brokers.line)
    return Check("warn", "Kafka line", f"{brokers.line}: see Securing the bus in operations.md")


def _secrets(settings: Settings) -> Iterator[Path]:
    yield from filter(None, (settings.kafka_key, settings.kafka_password_file))


def _kept_to_ourselves(file: Path) -> Check:
    mode = file.stat().st_mode & 0o777
    if mode & 0o007:
        return Check("warn", "secret", f"{file} is open to others ({mode:o}): chmod 600 {file}")
    return Check("ok", "secret", str(file))


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:")


def _exists(url: str) -> bool:
    return not _is_sqlite(url) or Path(url.removeprefix("sqlite:///")).exists()


def _why(error: Exception) -> str:
    return " ".join(safe(str(error) or type(error).__name__).split())


Look = Callable[[Settings], Iterator[Check]]
MACHINE: Final[dict[str, Look]] = {
    "Python": _python, "packages": _packages, "SQLite": _sqlite, "home": _home, "disk": _disk,
}  # fmt: skip
WITHIN: Final[dict[str, Look]] = {"log": _log, "keyring": _keyring}
"""What can be looked at where the databases can be reached."""
