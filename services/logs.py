"""Logs go to standard error: for people on a terminal, else as JSON, a line for each entry.

Never logged: what people wrote, names and addresses.  Entries say where to look: position,
company, ticket, projection.
"""

import logging
import sys
from typing import Any, Final, TextIO, cast

import orjson
import structlog
from structlog.typing import Processor

QUIET: Final = {
    "kafka": logging.WARNING,
    "asyncio": logging.WARNING,
    "uvicorn": logging.ERROR,  # it warns of every request that is no HTTP: whoever scans us, writes
    "uvicorn.access": logging.ERROR,
    "uvicorn.error": logging.ERROR,
}
"""Libraries, and from which level on they are of interest."""

SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class _StandardError:
    """Standard error as it is when something is written; whoever replaces it gets the entries."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


STANDARD_ERROR: Final = _StandardError()


def configure(level: int = logging.INFO) -> None:
    """Send our entries, and those of the libraries, to standard error in one form."""
    structlog.configure(
        processors=[*SHARED, *_rendered()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", STANDARD_ERROR)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(STANDARD_ERROR)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*SHARED, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendered()],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))
    for name, interesting in QUIET.items():
        logging.getLogger(name).setLevel(interesting)


def _rendered() -> list[Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_json)]


def _json(entry: Any, **_: Any) -> str:
    return orjson.dumps(entry, default=str).decode()
