"""The sample history: brought in when it is asked for, the written story first."""

from importlib.resources import as_file

from services.adapters.csvlog import CsvLog
from services.adapters.importing import run_import
from services.adapters.mapping import load_mapping
from services.adapters.rejects import Rejects
from services.cli.lines import lines_of
from services.cli.progress import progress
from services.cli.publishing import Publisher
from services.cli.show import note
from services.deployment import Deployment
from services.sample import MAPPING, STAFF, STORY, UCI


def load(deployment: Deployment, *, shown: bool = True) -> int:
    """Record what of the sample is not there yet; say how many events that was.

    What an interrupted start left out is added by the next one.
    """
    deployment.control.name_staff(STAFF)
    with progress("Loading the sample story", "events", shown=shown):
        recorded = _story(deployment)
    with (
        progress("Loading real incidents", "events", shown=shown) as tick,
        Rejects() as refused,
        as_file(UCI) as log,
        as_file(MAPPING) as mapping,
        CsvLog(log, load_mapping(mapping), refused) as source,
    ):
        source.read()
        summary = run_import(
            source.reports(), deployment.desk, rejects=refused, total=source.total, progress=tick
        )
    for example in refused.examples:
        note(f"of the sample was refused: {example}")
    return recorded + summary.recorded


def _story(deployment: Deployment) -> int:
    recorded = 0
    with as_file(STORY) as path, path.open("rb") as file:
        for outcome in Publisher(deployment.desk).each(lines_of(file, str(path))):
            recorded += outcome.receipt.status == "accepted"
            if outcome.receipt.status == "refused":
                note(f"of the sample was refused: line {outcome.line.number}: "
                     f"{outcome.receipt.reason}")  # fmt: skip
    return recorded
