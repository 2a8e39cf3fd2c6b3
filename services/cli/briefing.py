"""`longcase briefing`: the ten-second card of a company, by its id or by who is calling."""

from typing import Annotated, Final

from cyclopts import Parameter

from services.cli import local, times
from services.cli.asked import known
from services.cli.errors import Usage
from services.cli.kinds import Company, Id, Text, Time, TimeOrPosition, bare
from services.cli.show import TEXT, Output, document, line, note

WIDTH: Final = 14


def briefing(
    company: Company = None,
    /,
    *,
    phone: Text = None,
    email: Text = None,
    as_of: Time = None,
    known_at: TimeOrPosition = None,
    shown_to: Annotated[Id, Parameter(name="--for")] = None,
    output: Output = TEXT,
) -> None:
    """Print the ten-second card of a company.

    What it is worth, what burns, what was promised, when we last spoke.  --json has the events
    that tell each line, and what stands behind the card.

    Args:
        company: The company's id, or the beginning of its name; not needed where a phone number
            or a mail address tells.
        phone: Who is calling: the number, with its country.
        email: Who is writing: the mail address.
        as_of: As it had happened by this time.
        known_at: As it was recorded by this time, or up to this position.
        shown_to: Who of ours is shown it, by id: recorded in the company's story, with what makes
            the same card again.
    """
    if phone is not None and email is not None:
        raise Usage("--phone and --email are two ways to say who it is: give one")
    if company is None and phone is None and email is None:
        raise Usage("name a COMPANY, or say who is calling: --phone NUMBER or --email ADDRESS")
    with local.reading() as (reading, _):
        asked = reading.meant(bare("company", company)) if company else None
        company_id, caller = reading.caller(asked, phone, email)
        moment = times.time(as_of, "--as-of")
        made = reading.briefing(company_id, moment, known(reading, known_at), caller)
        shown = reading.shown(made)
        if shown_to:
            reading.put_on_record(made, shown_to)
    if output.form != "text":
        document(shown)
        return
    for told in shown["lines"]:
        line(f"{told['name'].replace('_', ' '):<{WIDTH}}{told['text']}")
    note(shown["footer"]["text"])
    if shown_to:
        note(f"on record: {shown_to} was shown this card, digest {shown['digest'][:16]}…")
