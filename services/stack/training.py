"""One trial run of the broker, once for each user, from which every later start profits.

Java writes down the classes it loaded, loaded and linked (an AOT cache, 65 MB): the next
start takes half as long.  Kafka's format command writes down the features of a new cluster.
"""

import tempfile
from pathlib import Path

import structlog

from services.stack import runtime
from services.stack.broker import JVM, Broker, properties, write
from services.stack.errors import PartFailed
from services.stack.lock import locked
from services.stack.plan import Plan
from services.stack.program import run

__all__ = ["train"]

log = structlog.get_logger()


PATIENCE = 180.0
"""Seconds the trial broker has to end: the archive is written then."""


def train() -> None:
    """Make the archive and the feature records unless they are there; others wait meanwhile.

    Raises:
        PackagesMissing: If the extra `[stack]` is not installed.
        DownloadFailed: If Kafka's jars are not here and cannot be fetched.
        PartFailed: If the broker does not start.
    """
    runtime.fetch()
    with locked(runtime.cache()):
        if runtime.archive().exists() and runtime.features().exists():
            return
        log.info("preparing kafka for quick starts", seconds=10)
        with tempfile.TemporaryDirectory(dir=runtime.cache()) as scratch:
            plan = Plan.settle(Path(scratch), brokers=1, heap="256m", durable=False)
            _note_features(Path(scratch), plan)
            if not runtime.archive().exists():
                _note_classes(Path(scratch), plan)


def _note_features(scratch: Path, plan: Plan) -> None:
    """Run Kafka's format command and keep what it writes beside the identity.

    A cluster without it runs, but with transactions and elections as of older versions.
    """
    settings, data = scratch / "server.properties", scratch / "formatted"
    write(settings, properties(1, plan.nodes, data))
    arguments = ("format", "--cluster-id", plan.cluster, "--config", settings)
    command = runtime.java("kafka.tools.StorageTool", *arguments, flags=JVM)
    formatted = run(command)
    if formatted.returncode:
        raise PartFailed(f"kafka did not format its folder: {formatted.stdout}")
    (data / runtime.features().name).replace(runtime.features())


def _note_classes(scratch: Path, plan: Plan) -> None:
    """Run a broker that nobody uses and keep the archive it leaves."""
    made = scratch / "new.aot"
    broker = Broker(scratch, plan, 1, flags=(f"-XX:AOTCacheOutput={made}",))
    try:
        broker.start()
        broker.stop(PATIENCE)
    finally:
        broker.kill()
    if made.exists():
        made.replace(runtime.archive())
    else:
        log.warning("no archive: kafka will start at half the speed", tail=broker.tail())
