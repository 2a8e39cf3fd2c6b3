"""What is known of a company as a whole: its dossier, its card, what changed, who is calling."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from domain.values import ID_PATTERN, UNASSIGNED, rfc3339
from projections.dossier.union import merged_with
from projections.replay_difference import Clock
from services.api import answers, company_shapes
from services.api.companies import RollUp
from services.api.identity import PathId, Read, is_same_site
from services.api.problems import BadRequest
from services.api.query import Position, When, Word, instants, known, positions_are_told
from services.briefings import Briefings
from services.security import Denied

router = APIRouter(prefix="/v1", tags=["companies"])

AsOf = Annotated[When | None, Query(description="as it had happened by then")]
KnownAt = Annotated[Word | None, Query(description="as recorded by this position or time")]
Phone = Annotated[Word | None, Query(description="a phone number, with its country")]
Mail = Annotated[Word | None, Query(description="a mail address")]
WaitFor = Annotated[
    Position | None,
    Query(description="wait up to 2 s for this position, then say that the answer is stale"),
]
ShownTo = Annotated[
    str | None,
    Query(
        pattern=f"^{ID_PATTERN}$",
        description="one of ours who is shown the card: it is recorded with the company",
    ),
]


@router.get("/companies/{company_id}", response_model=company_shapes.CompanyFile)
def company(
    read: Read,
    company_id: PathId,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    roll_up: RollUp = False,
    wait_for: WaitFor = None,
) -> Response:
    """Read what is on file about a company and its people, now or as of an instant.

    A company that was merged with another shows the people of both; with `roll_up`, also those
    of the companies that belong to it.  A customer reads of their own company what it is called,
    and nothing that we keep of people.
    """
    stale = _waited(read, wait_for)
    found, position = read.company(company_id), known(read, known_at)
    asked = as_of is not None or position is not None or roll_up
    if company_id == UNASSIGNED or (read.reader().public_only and not asked):
        people = read.contacts(company_id, roll_up=roll_up)
        return answers.json({**found, "contacts": people, **stale})
    whole = read.dossier(company_id, as_of, position)
    return answers.json({
        **found,
        "contacts": read.contacts(company_id, as_of, position, roll_up=roll_up),
        "as_of": as_of and rfc3339(as_of),
        "position": whole.position,
        "dossier": whole.document,
        "together": read.together(whole) if roll_up else None,
        "merged_into": merged_with(whole.document),
        "names": read.names_in(whole.document),
        **stale,
    })  # fmt: skip


@router.get("/companies/{company_id}/briefing", response_model=company_shapes.Briefing)
def briefing(
    request: Request,
    read: Read,
    company_id: PathId,
    *,
    phone: Phone = None,
    email: Mail = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    wait_for: WaitFor = None,
    shown_to: ShownTo = None,
) -> Response:
    """Read the ten-second card of a company: eight lines, each with the events that tell it.

    With a phone number or a mail address, the first line says who of the company is calling.
    With `shown_to`, it is recorded in the company's story that this one of ours was shown the
    card (`company.executive_briefed`); its digest, time and position make the same card again.
    """
    if phone is not None or email is not None:
        _one_of(phone, email)
    if shown_to and not is_same_site(request):
        raise Denied("another site may not record this with your sign-in")
    _, caller = read.caller(company_id, phone, email)
    made = read.briefing(company_id, as_of, known(read, known_at), caller, wait_for=wait_for)
    if shown_to:
        read.put_on_record(made, shown_to)
    return answers.json(read.shown(made))


@router.get("/companies/{company_id}/diff", response_model=company_shapes.CompanyDifference)
def company_diff(
    read: Read,
    company_id: PathId,
    start: Annotated[Word, Query(alias="from", description="a time, or a position")],
    end: Annotated[Word, Query(alias="to", description="the later one, of the same kind")],
    clock: Clock = "happened",
) -> Response:
    """Say what changed in a company between two times or two positions, as data and in words."""
    found = read.company_diff(company_id, *instants(start, end, read), clock)
    return answers.json({
        "positions": found.positions,
        "words": found.words,
        "changes": found.changes,
        "before": found.before,
        "after": found.after,
    })  # fmt: skip


@router.get("/callers", response_model=company_shapes.Callers)
def callers(read: Read, phone: Phone = None, email: Mail = None) -> Response:
    """Say who is calling or writing, and how sure that is: by number, mail address, or domain."""
    return answers.json(read.callers(*_one_of(phone, email)))


def _waited(read: Briefings, position: int | None) -> dict[str, bool]:
    """Wait for a position, and say if it has not come."""
    if position is not None:
        positions_are_told(read)
    return {} if read.has_come(position, "directory", "dossier") else {"stale": True}


def _one_of(phone: str | None, email: str | None) -> tuple[str | None, str | None]:
    if (phone is None) == (email is None):
        raise BadRequest("give a phone number or a mail address, one of the two")
    return phone, email
