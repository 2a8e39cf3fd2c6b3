"""`longcase config`: every setting, its value and where that comes from."""

from typing import Final

from cyclopts import App

from services.cli import local
from services.cli.show import TEXT, Columns, Output, table

config = App(name="config", help="The settings.")

COLUMNS: Final[Columns] = {
    "Setting": lambda s: s["setting"],
    "Value": lambda s: s["value"] or "(not set)",
    "From": lambda s: s["origin"],
    "What it is": lambda s: s["description"],
}


@config.command
def show(*, output: Output = TEXT) -> None:
    """Show every setting with its value, where that comes from, and what it is for.

    Passwords, also those in addresses, are masked.
    """
    from services.config import PREFIX, masked

    settings = local.settings()
    rows = [
        {
            "setting": f"{PREFIX}{name.upper()}",
            "value": masked("" if (value := getattr(settings, name)) is None else value),
            "origin": settings.origin(name),
            "description": field.description,
        }
        for name, field in type(settings).model_fields.items()
    ]
    table(rows, COLUMNS, output, "there are no settings")
