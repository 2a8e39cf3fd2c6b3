"""`longcase promises`: what was promised to a company, and what came of it."""

from typing import Final

from services.cli import local, times
from services.cli.asked import known
from services.cli.kinds import Time, TimeOrPosition, bare
from services.cli.people import person
from services.cli.show import TEXT, Columns, Output, document, documents, note, table, when

COLUMNS: Final[Columns] = {
    "Ticket": lambda p: p["ticket_id"],
    "Stands": lambda p: p["standing"].replace("_", " ") + (", late" if p["kept_late"] else ""),
    "Due (UTC)": lambda p: when(p["due_at"]),
    "Ended (UTC)": lambda p: when(p["ended_at"]),
    "By": lambda p: p["by"],
    "What": lambda p: p["what"],
}


def promises(
    company: str,
    /,
    *,
    as_of: Time = None,
    known_at: TimeOrPosition = None,
    output: Output = TEXT,
) -> None:
    """List what was promised to a company, on all its tickets, by anyone; first due first.

    A promise that nobody ended is broken by time once it was due.

    Args:
        company: The company's id; longcase companies finds it.
        as_of: As it had happened by this time.
        known_at: As it was recorded by this time, or up to this position.
    """
    company = bare("company", company)
    with local.reading() as (reading, _):
        from services.asking import Moment

        moment = Moment(times.time(as_of, "--as-of"), known(reading, known_at))
        found = reading.promises(company, moment)
        names = reading.names_in(found)
    if output.form == "json":
        document(found)
    elif output.form == "jsonl":
        documents(found["promises"], output)
    else:
        rows = [{**one, "by": person(names, one["by"])} for one in found["promises"]]
        table(rows, COLUMNS, output, f"nothing was promised to {company}")
        counts = {name.replace("_", " "): count for name, count in found["counts"].items()}
        note(", ".join(f"{count:,} {name}" for name, count in counts.items() if count))
