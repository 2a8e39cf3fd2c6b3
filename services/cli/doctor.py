"""`longcase doctor`: is everything there, and in order?"""

from typing import Final

from services.cli import local
from services.cli.errors import FAILED, OK
from services.cli.show import TEXT, Columns, Output, table

COLUMNS: Final[Columns] = {
    "State": lambda c: c["state"],
    "What": lambda c: c["what"],
    "Found, and what to do": lambda c: c["found"],
}


def doctor(*, init: bool = False, output: Output = TEXT) -> int:
    """Look whether everything is there, and in order.

    Each line says what to do if it is not.  Ends with 1 if something fails; a warning is no
    failure.

    Args:
        init: Make what is missing first: the databases' tables, and the topics on Kafka.
    """
    from dataclasses import asdict

    from services.cli.checkup import checkup, initialise

    settings = local.settings()
    made = initialise(settings) if init else []
    found = [*made, *checkup(settings)]
    table([asdict(check) for check in found], COLUMNS, output, "nothing was looked at")
    return FAILED if any(check.state == "FAIL" for check in found) else OK
