"""`longcase import`: history that lies in files, by a mapping alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from services.cli import local
from services.cli.errors import OK, REFUSED, Usage
from services.cli.kinds import File
from services.cli.lines import empty
from services.cli.progress import progress
from services.cli.show import TEXT, Output, document, line, note

if TYPE_CHECKING:
    from services.adapters.csvlog import CsvLog
    from services.adapters.github import GithubArchive
    from services.adapters.rejects import Rejects


def import_log(
    file: Path,
    /,
    *,
    mapping: Annotated[str | None, Parameter(metavar="MAP")] = None,
    format: Literal["github-archive"] | None = None,
    dry_run: bool = False,
    rejects: File = None,
    output: Output = TEXT,
    no_progress: bool = False,
) -> int:
    """Bring in old history from a file, with its own times.

    Importing a file again adds nothing, and goes on where an import was interrupted.  Rows that
    cannot be used are left out, and the command ends with 3.  docs/mapping.md shows how to
    write a mapping.

    Args:
        file: A CSV log, plain or packed with gzip; or what --format names.
        mapping: What the columns of the log mean: a TOML file, or the name of a mapping that
            comes with longcase, such as servicenow-uci498.
        format: The form of a file that needs no mapping.
        dry_run: Say what would be recorded, and record nothing.
        rejects: Write what is left out into this file, with line number and reason.
        no_progress: Show no progress bar.
    """
    if mapping and format:
        raise Usage("a --format needs no --mapping: leave one of them out")
    if not mapping and not format:
        raise Usage("say what the columns mean with --mapping MAP.toml, or name the --format")
    if rejects:
        empty(rejects, str(file))
    from services.adapters.rejects import Rejects

    shown = not no_progress
    with Rejects(rejects) as refused, _source(file, mapping, refused, shown=shown) as source:
        if dry_run:
            ahead = _preview(source, output)
        else:
            ahead = 0
            _import(source, refused, output, shown=shown)
        for told in (*source.notes(), *_left_out(refused, rejects)):
            note(told)
    return REFUSED if refused.count or ahead else OK


@contextmanager
def _source(
    file: Path, mapping: str | None, refused: "Rejects", *, shown: bool
) -> "Iterator[CsvLog | GithubArchive]":
    """Read the file: a log by its mapping, or an archive."""
    from services.adapters.csvlog import CsvLog
    from services.adapters.github import GithubArchive
    from services.adapters.mapping import load_mapping

    try:
        source: CsvLog | GithubArchive = (
            GithubArchive(file, refused)
            if mapping is None
            else CsvLog(file, load_mapping(mapping), refused)
        )
    except OSError as error:
        raise Usage(f"{file}: {error.strerror or error}") from None
    if isinstance(source, GithubArchive):
        yield source
        return
    with source:
        with progress(f"Reading {file.name}", "bytes", shown=shown) as tick:
            source.read(tick)
        yield source


def _preview(source: "CsvLog | GithubArchive", output: Output) -> int:
    """Show what would be recorded; say how many events of it would be refused for their time."""
    from services.adapters.importing import preview

    seen = preview(source.reports())
    if output.form != "text":
        told = {"total": seen.total, "by_type": dict(seen.by_type), "too_far_ahead": seen.ahead}
        document(told)
        return seen.ahead
    line(f"{seen.total:,} events would be recorded, such as:")
    for report in seen.examples:
        line(f"  {report.occurred_at:%Y-%m-%d %H:%M}  {report.event.TYPE}  {report.stream_id}")
    for name, count in seen.by_type.most_common():
        line(f"{count:>10,}  {name}")
    if seen.ahead:
        note(f"{seen.ahead:,} of them would be refused: they lie more than 5 minutes ahead of now")
    return seen.ahead


def _import(
    source: "CsvLog | GithubArchive", refused: "Rejects", output: Output, *, shown: bool
) -> None:
    from services.adapters.importing import run_import
    from services.cli.beside import projecting

    with local.deployed() as deployment:
        with (
            projecting(deployment.settings, shown=shown),
            progress("Importing", "events", shown=shown) as tick,
        ):
            summary = run_import(
                source.reports(), deployment.desk, rejects=refused, total=source.total,
                progress=tick,
            )  # fmt: skip
        local.catch_up(deployment, shown=shown)
    if output.form != "text":
        document(asdict(summary))
        return
    rate = summary.read / summary.seconds if summary.seconds else 0
    line(
        f"{summary.recorded:,} events recorded, {summary.duplicate:,} were there before, "
        f"of {summary.tickets:,} tickets; {summary.seconds:,.1f} s, {rate:,.0f} events/s"
    )


def _left_out(refused: "Rejects", path: Path | None) -> Iterator[str]:
    """Say what was left out, and where it is kept."""
    yield from refused.examples
    if more := refused.count - len(refused.examples):
        yield f"… and {more:,} more"
    if refused.count:
        kept = f"they are in {path}" if path else "--rejects FILE keeps them"
        yield f"{refused.count:,} rows or events were left out; {kept}"
