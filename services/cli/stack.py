"""`longcase stack`: the real Kafka and PostgreSQL on this machine, from packages."""

from typing import Final, Literal
from urllib.parse import urlsplit

from cyclopts import App

from services.cli import local
from services.cli.show import TEXT, Columns, Output, document, line, note, table

stack = App(name="stack", help="The real Kafka and PostgreSQL on this machine, without Docker.")

DATABASES: Final = {
    "LONGCASE_STORE": "longcase_events",
    "LONGCASE_READ_MODELS": "longcase_views",
    "LONGCASE_CONTROL": "longcase_control",
}
"""Setting to the name of its database; three, so that each can be backed up apart."""

COLUMNS: Final[Columns] = {
    "Part": lambda p: p["name"],
    "State": lambda p: "running" if p["running"] else "stopped",
    "Address": lambda p: p["address"],
    "Process": lambda p: str(p["pid"]) if p["pid"] else None,
    "Memory": lambda p: f"{p['memory'] / 2**20:,.0f} MB" if p["memory"] else None,
}


@stack.command
def up(
    *,
    brokers: Literal[0, 1, 3] = 1,
    no_postgres: bool = False,
    output: Output = TEXT,
) -> None:
    """Start what does not run, and print the settings that point at it.

    The parts run on when the command ends; longcase stack down ends them.  The first time,
    Kafka's jars (45 MB) are fetched.

    Args:
        brokers: How many Kafka brokers; 0 leaves Kafka out.
        no_postgres: Leave PostgreSQL out.
    """
    from services import stack as parts

    home = local.settings().home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    note("starting; the first time this takes a minute")
    running = parts.up(home, brokers=brokers, postgres=not no_postgres)
    found = {"LONGCASE_KAFKA": running.kafka} if running.kafka else {}
    if running.postgres:
        found |= {name: _database(running.postgres, of) for name, of in DATABASES.items()}
    if output.form != "text":
        document(found)
        return
    for name, value in found.items():
        line(f"export {name}={value}")
    note("with these settings, longcase doctor --init makes tables and topics")


def _database(server: str, name: str) -> str:
    """Say where a database is, made if it is not there."""
    import psycopg

    from services.stack import create_database

    try:
        return create_database(server, name)
    except psycopg.errors.DuplicateDatabase:
        return urlsplit(server)._replace(path=f"/{name}").geturl()


@stack.command
def down() -> None:
    """End every part in good order; the data stays."""
    from services import stack as parts

    parts.down(local.settings().home)
    line("nothing of the stack is running")


@stack.command
def status(*, output: Output = TEXT) -> None:
    """Say of every part whether it runs, and where."""
    from dataclasses import asdict

    from services import stack as parts

    found = [asdict(part) for part in parts.status(local.settings().home)]
    table(found, COLUMNS, output, "there is no stack here; longcase stack up makes one")
