"""`longcase stack`: the real Kafka and PostgreSQL on this machine, from packages."""

from typing import Annotated, Final

from cyclopts import App, Parameter, validators

from services.cli import local
from services.cli.show import TEXT, Columns, Output, document, line, note, table

stack = App(name="stack", help="The real Kafka and PostgreSQL on this machine, without Docker.")

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
    brokers: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=3))] = 1,
    postgres: Annotated[bool, Parameter(negative="--no-postgres")] = True,
    output: Output = TEXT,
) -> None:
    """Start what does not run, and print the settings that point at it.

    The parts run on when the command ends; longcase stack down ends them.  The first time,
    Kafka's jars (45 MB) are fetched.

    Args:
        brokers: How many Kafka brokers: 1, 3, or 0 to leave Kafka out.
        postgres: Whether PostgreSQL is started.
    """
    from services import stack as parts

    note("starting; the first time this takes a minute")
    running = parts.up(local.settings().home, brokers=brokers, postgres=postgres)
    if output.form != "text":
        document({"kafka": running.kafka, "postgres": running.postgres})
        return
    if running.kafka:
        line(f"export LONGCASE_KAFKA={running.kafka}")
    if running.postgres:
        for name in ("STORE", "READ_MODELS", "CONTROL"):
            line(f"export LONGCASE_{name}={running.postgres}")


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
