"""`longcase export`, `backup` and `restore`: what leaves, and what comes back."""

from pathlib import Path
from typing import Literal

from services.cli import local
from services.cli.errors import Usage
from services.cli.kinds import bare
from services.cli.progress import progress
from services.cli.show import TEXT, Output, document, line, note


def export(
    company: str,
    folder: Path,
    /,
    *,
    format: Literal["jsonl"] = "jsonl",
    output: Output = TEXT,
    no_progress: bool = False,
) -> None:
    """Write a company's whole history into a folder.

    events.jsonl holds the events as they are stored, untouched, each with its SHA-256;
    opened.jsonl holds them with the text open; manifest.json says what is complete: range,
    count and SHA-256 of both.

    Args:
        company: The company's id.
        folder: Where to write; it is made if it is not there.
        format: The form of the files.
        no_progress: Show no progress bar.
    """
    company = bare("company", company)
    local.settings_of_something()
    with local.reading() as (reading, _):
        reading.company(company)
        try:
            with progress(f"Exporting {company}", "events", shown=not no_progress) as tick:
                manifest = reading.export(company, folder, tick)
        except (FileExistsError, NotADirectoryError) as error:
            raise Usage(str(error) if not error.strerror else f"{folder} is no folder") from None
    if output.form != "text":
        document(manifest)
        return
    first, last = manifest["positions"]
    line(f"{manifest['count']:,} events of {company}, positions {first} to {last}, in {folder}")
    for name, file in manifest["files"].items():
        line(f"{file['sha256']}  {name}")


def backup(folder: Path, /, *, output: Output = TEXT) -> None:
    """Copy the events and the keys, apart from each other.

    It may be taken while others write.  Whoever has both parts can read every text: keep
    FOLDER/control in another place than FOLDER/events.

    Args:
        folder: A new folder, or an empty one.
    """
    from services.backup import backup as copy

    settings = local.settings_of_something()
    with local.deployed() as deployment:
        _ = deployment.desk  # looks whether the keys are those of the events
    manifest = copy(settings, folder)
    if output.form != "text":
        document(manifest)
        return
    head = manifest["head_position"]
    line(f"backed up{f' to position {head}' if head is not None else ''} in {folder}")
    note(f"keep {folder / 'control'} apart from {folder / 'events'}: together they open every text")


def restore(folder: Path, /, *, output: Output = TEXT, no_progress: bool = False) -> None:
    """Put a backup in the place of an empty deployment.

    The read models are built from it.  Keys that erasures.jsonl in the home names, one
    {"subject": "contact/jan"} on each line, are destroyed again.

    Args:
        folder: The backup's folder.
        no_progress: Show no progress bar.
    """
    from services.restore import restore as put_back

    manifest = put_back(local.settings(), folder)
    with local.deployed() as deployment:
        local.catch_up(deployment, shown=not no_progress)
    if output.form != "text":
        document(manifest)
        return
    line(f"restored from {folder}, as it was at {manifest['taken_at']}")
    if manifest["erased_again"]:
        line(f"{manifest['erased_again']} erased again")
