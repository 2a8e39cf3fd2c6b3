"""Events in and out: ``POST /v1/events`` for publishers, ``GET /v1/events`` as a feed."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from domain.errors import Refused, TooLarge
from services.api.identity import Deployed, Who, deployment_of
from services.api.problems import BadRequest, problem, status_of_receipt
from services.deployment import Deployment
from services.desk import BATCH
from services.receipts import Receipt, refused
from services.security import Denied, Identity, authorize, may_publish_for
from services.wire import LIMIT, Report, read_cloud_event

BATCH_BYTES: Final = 8 * 1024 * 1024
BATCHED: Final = "application/cloudevents-batch+json"
STRUCTURED: Final = "application/cloudevents+json"
UNNAMED: Final = "system/unnamed"

router = APIRouter(prefix="/v1", tags=["events"])


@router.post("/events", status_code=201)
async def publish(request: Request, who: Who, atomic: bool = False) -> Response:
    """Record what a service reports; a receipt for each event, in order.

    Takes one CloudEvent in structured or binary mode, or a batch.  A repeat of the same source
    and id is answered `duplicate`, with the position of the first time.
    """
    authorize(who, "publish")
    mode = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _body(request, BATCH_BYTES if mode == BATCHED else LIMIT)
    deployment = deployment_of(request)
    if mode == BATCHED:
        return await run_in_threadpool(_batch, deployment, who, body, atomic)
    if mode != STRUCTURED and "ce-type" in request.headers:
        body = _from_binary(request, body)
    return await run_in_threadpool(_one, deployment, who, body, request.headers.get("if-match"))


@router.get("/events")
def follow(
    deployed: Deployed,
    who: Who,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    company: str | None = None,
) -> Response:
    """List stored events after a position, byte for byte, text sealed: for those without Kafka."""
    reader = authorize(who, "feed", company)
    if reader.companies is not None and company is None:
        raise Denied("this key is bound to companies; name one with company=")
    log = deployed.log
    rows = log.of_company(company, after, limit) if company else log.after(after, limit)
    lines = [
        b'{"position":%d,"company_seq":%s,"stream_version":%d,"late":%s,"document":%b}'
        % (
            row.position, b"null" if row.company_seq is None else b"%d" % row.company_seq,
            row.stream_version, b"true" if row.late else b"false", row.state,
        )
        for row in rows
    ]  # fmt: skip
    last = (rows[-1].company_seq if company else rows[-1].position) if rows else after
    body = b'{"events":[%b],"next":%d}' % (b",".join(lines), last or after)
    return Response(body, media_type="application/json")


async def _body(request: Request, limit: int) -> bytes:
    """Read the body, no further than *limit*."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"the request is larger than {limit:,} bytes; send less at once")
    return bytes(body)


def _from_binary(request: Request, body: bytes) -> bytes:
    """Put a CloudEvent in binary mode (attributes in headers) into structured form."""
    attributes: dict[str, Any] = {
        name[3:]: value for name, value in request.headers.items() if name.startswith("ce-")
    }
    if "expectedversion" in attributes:
        try:
            attributes["expectedversion"] = int(attributes["expectedversion"])
        except ValueError:
            raise BadRequest("ce-expectedversion must be a whole number") from None
    head = orjson.dumps(attributes)
    return head[:-1] + b',"data":' + (body or b"{}") + b"}"


def _one(deployment: Deployment, who: Identity, body: bytes, if_match: str | None) -> Response:
    report = _report(deployment, who, body)
    if if_match is not None:
        report = replace(report, expected_version=_version(if_match))
    (receipt,) = deployment.desk.record([report])
    deployment.projector.wake()
    status = status_of_receipt(receipt)
    if receipt.status == "refused":
        more = {"current_version": receipt.current_version} if receipt.current_version else {}
        return problem(status, "Refused", receipt.reason or "", code=receipt.code, **more)
    return Response(orjson.dumps(_shown(receipt)), status, media_type="application/json")


def _batch(deployment: Deployment, who: Identity, body: bytes, atomic: bool) -> Response:
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the batch is not JSON: {error}") from None
    if not isinstance(items, list) or len(items) > BATCH:
        raise BadRequest(f"a batch is a JSON array of at most {BATCH:,} CloudEvents")
    answers: list[Receipt | None] = []
    reports: list[Report] = []
    for item in items:
        try:
            reports.append(_report(deployment, who, orjson.dumps(item)))
            answers.append(None)
        except Refused as refusal:
            stream = item.get("subject") if isinstance(item, dict) else None
            answers.append(refused(str(stream or ""), refusal))
    if atomic and any(answers):
        receipts: Sequence[Receipt] = []
        reason = BadRequest("another event of this atomic batch cannot be read; nothing recorded")
        answers = [answer or refused("", reason) for answer in answers]
    else:
        receipts = deployment.desk.record(reports, atomic=atomic)
        deployment.projector.wake()
    decided = iter(receipts)
    shown = [_shown(answer or next(decided)) for answer in answers]
    return Response(orjson.dumps({"receipts": shown}), media_type="application/json")


def _report(deployment: Deployment, who: Identity, body: bytes) -> Report:
    report = read_cloud_event(body, deployment.desk.resolve)
    may_publish_for(who, report.source.system)
    if report.actor == UNNAMED:
        report = replace(report, actor=f"system/{who.name}")
    return report


def _version(if_match: str) -> int:
    try:
        return int(if_match.strip().removeprefix("W/").strip('"'))
    except ValueError:
        raise BadRequest('If-Match must be a stream version, such as "3"') from None


def _shown(receipt: Receipt) -> dict[str, Any]:
    return {name: value for name, value in asdict(receipt).items() if value is not None}
