"""`longcase doctor`: is everything there, and in order?"""

from typing import TYPE_CHECKING, Final

from services.cli import local
from services.cli.errors import FAILED, OK
from services.cli.show import TEXT, Columns, Output, table

if TYPE_CHECKING:
    from services.config import Settings

COLUMNS: Final[Columns] = {
    "State": lambda c: c["state"],
    "What": lambda c: c["what"],
    "Found, and what to do": lambda c: c["found"],
}


def doctor(*, init: bool = False, give_up_texts: bool = False, output: Output = TEXT) -> int:
    """Look whether everything is there, and in order.

    Each line says what to do if it is not.  Ends with 1 if something fails; a warning is no
    failure.

    Args:
        init: Make what is missing first: the databases' tables, and the topics on Kafka.
        give_up_texts: Go on without the texts whose keys are lost, where no backup of the
            control store is left.
    """
    from dataclasses import asdict

    from services.cli.checkup import checkup, initialise

    settings = local.settings()
    if give_up_texts:
        _give_up(settings)
    made = initialise(settings) if init else []
    found = [*made, *checkup(settings)]
    table([asdict(check) for check in found], COLUMNS, output, "nothing was looked at")
    return FAILED if any(check.state == "FAIL" for check in found) else OK


def _give_up(settings: "Settings") -> None:
    from services.deployment import Deployment
    from services.pairing import give_up_texts

    with Deployment(settings) as deployment:
        give_up_texts(deployment.control)
