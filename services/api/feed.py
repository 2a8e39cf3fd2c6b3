"""Events out: ``GET /v1/events`` is the log as a feed, for those without Kafka.

What goes out is the stored bytes, text sealed.  The read audit is not part of it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Response
from pydantic_core import from_json

from domain.events import Logged
from domain.values import ID_PATTERN, Reader
from projections.redaction import is_closed, redact
from services.api import shapes
from services.api.identity import Deployed, Who
from services.deployment import Deployment
from services.feed import opened
from services.security import Denied, Identity, authorize
from services.store import Log, Row

JSON: Final = "application/json"
LOOKS: Final = 20
"""Pages of the log that are looked through for one answer; most of them may be read audit."""

NOT_TOLD: Final = ("data", "actor", "source", "subjects", "correlation_id", "causation_id")
"""What a stub leaves out of an event that the one who asks may not read."""

router = APIRouter(prefix="/v1", tags=["events"])


@router.get("/events", response_model=shapes.Feed)
def follow(
    deployed: Deployed,
    who: Who,
    *,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    company: Annotated[str | None, Query(pattern=f"^{ID_PATTERN}$")] = None,
    opened: bool = False,
) -> Response:
    """List stored events after a position, byte for byte, text sealed: for those without Kafka.

    `next` is what to send as `after` to go on; at `head` there is nothing more for now.  A key
    that is bound to companies names one of them.  With `opened=true` an auditor reads the text
    of one company, and the read audit keeps that.
    """
    reader = authorize(who, "feed", company)
    if company is None and (opened or reader.companies is not None):
        raise Denied("name one company, with company=")
    head = deployed.log.head()
    if company is None:
        rows, last = _of_all(deployed.log, after, limit)
    else:
        rows = deployed.log.of_company(company, _sequence(deployed.log, company, after), limit)
        last = rows[-1].position if len(rows) == limit else max(after, head)
    if opened and company:
        documents = list(_opened(deployed, who, company, rows, head))
    else:
        bound = reader.companies is not None
        documents = [_stub(row) if bound and _is_kept(reader, row) else row.state for row in rows]
    events = b",".join(_placed(row, doc) for row, doc in zip(rows, documents, strict=True))
    return Response(b'{"events":[%b],"next":%d,"head":%d}' % (events, last, head), media_type=JSON)


def _of_all(log: Log, after: int, limit: int) -> tuple[list[Row], int]:
    """Read a page of the log without the read audit, and say up to where it was looked."""
    found: list[Row] = []
    for _ in range(LOOKS):
        rows = log.after(after, limit - len(found))
        found += (row for row in rows if not row.stream_id.startswith("reads/"))
        after = rows[-1].position if rows else after
        if not rows or len(found) == limit:
            break
    return found, after


def _sequence(log: Log, company_id: str, after: int) -> int:
    """Say the last sequence of a company at or before a position."""

    class Positions(Sequence[int]):
        def __len__(self) -> int:
            return log.company_head(company_id)

        def __getitem__(self, index: Any) -> Any:
            return log.of_company(company_id, index, 1)[0].position

    return bisect_right(Positions(), after) if after else 0


def _opened(
    deployment: Deployment, who: Identity, company_id: str, rows: list[Row], head: int
) -> Iterator[bytes]:
    """Open a page's text for one who may read it; that they did is on record first."""
    reader = authorize(who, "read", company_id)
    deployment.reads.viewed(who, company_id, position=head, count=len(rows), purpose="feed")
    for logged in opened(rows, deployment.keyring):
        yield _seen(logged, reader).encode()


def _seen(logged: Logged, reader: Reader) -> Any:
    return redact(logged.event) if is_closed(reader, logged.event) else logged.event


def _is_kept(reader: Reader, row: Row) -> bool:
    """Say whether a bound key may not read an event, not even sealed."""
    return from_json(row.state)["visibility"] not in reader.visibilities


def _stub(row: Row) -> bytes:
    """Write what is told of an event that may not be read: that it is there, and when."""
    document = orjson.loads(row.state)
    return orjson.dumps({
        **{name: value for name, value in document.items() if name not in NOT_TOLD},
        "stub": True,
    })  # fmt: skip


def _placed(row: Row, document: bytes) -> bytes:
    return b'{"position":%d,"company_seq":%s,"stream_version":%d,"late":%s,"document":%b}' % (
        row.position, b"null" if row.company_seq is None else b"%d" % row.company_seq,
        row.stream_version, b"true" if row.late else b"false", document,
    )  # fmt: skip
