"""All companies together: what they are worth, and which revenue is exposed."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.api import answers, shapes_portfolio
from services.api.dossiers import AsOf, KnownAt
from services.api.known import Knows
from services.api.query import known
from services.portfolio import PAGE, Part

router = APIRouter(prefix="/v1", tags=["companies"])

Exposed = Annotated[bool, Query(description="only companies whose revenue is exposed")]


@router.get("/portfolio", response_model=shapes_portfolio.Portfolio)
def portfolio(
    request: Request,
    read: Knows,
    *,
    exposed: Exposed = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
) -> Response:
    """List companies with what they are worth, and say which revenue is exposed, and why.

    Exposed is a company with an open ticket of severity 1 or 2, or an open escalation: each with
    its events.  The sums are raw, each company's ARR once, by currency and by whether the next
    renewal is within 90 days; companies of which no ARR is known are listed apart.  Records that
    were merged are one company.  Sums are over all companies that the key may read, whatever
    part of the list is asked for.
    """
    part = Part(offset, limit, exposed)
    found = read.portfolio(part, as_of, known(read, known_at))
    end = offset + limit
    more = answers.link(request, offset=end) if end < found["total"] else None
    return answers.json({**found, "next": more})
