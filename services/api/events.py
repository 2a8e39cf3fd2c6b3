"""Events in: ``POST /v1/events`` for publishers."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from domain.errors import NotAlone, Refused
from domain.values import KINDS
from services.api import cloudevents, openapi, shapes
from services.api.bounds import Bounds
from services.api.identity import Who, deployment_of
from services.api.problems import BadRequest, problem, status_of_receipt
from services.deployment import Deployment
from services.modes import BATCHED, PLAIN
from services.receipts import Receipt, refused
from services.security import Denied, authorize
from services.wire import Report, read_cloud_event, trace_of

JSON: Final = "application/json"
SUBJECT: Final = re.compile(rf'"subject"\s*:\s*"((?:{"|".join(KINDS)})/[A-Za-z0-9._:~-]{{1,128}})"')

router = APIRouter(prefix="/v1", tags=["events"])


@router.post(
    "/events",
    status_code=201,
    response_model=shapes.Receipt | shapes.Receipts,
    responses=openapi.PUBLISHED,
    openapi_extra=openapi.CLOUD_EVENTS,
)
async def publish(request: Request, who: Who, atomic: bool = False) -> Response:
    """Record what a service reports; a receipt for each event, in order.

    Takes one CloudEvent in structured or binary mode, or a batch of at most 1,000 events or
    8 MiB, which is all or nothing only with `atomic=true`.  A repeat of the same source and id
    is answered `duplicate`, with the position of the first time.  `If-Match`, or the extension
    `expectedversion`, names the version that the stream of one event must be at.
    """
    authorize(who, "publish")
    mode, if_match = cloudevents.mode_of(request), request.headers.get("if-match")
    if mode == BATCHED and if_match is not None:
        raise BadRequest("If-Match is for one event; in a batch, events say expectedversion")
    body = await cloudevents.body_of(request, mode)
    deployment = deployment_of(request)
    bounds = Bounds(deployment, who, trace_of(request.headers.get("traceparent")))
    if mode == BATCHED:
        return await run_in_threadpool(_batch, deployment, bounds, body, atomic)
    if mode == PLAIN:
        body = cloudevents.from_binary(request, body)
    return await run_in_threadpool(_one, deployment, bounds, body, if_match)


def _one(deployment: Deployment, bounds: Bounds, body: bytes, if_match: str | None) -> Response:
    report = _report(deployment, bounds, body)
    if if_match is not None:
        report = _expecting(report, cloudevents.version(if_match, "If-Match"))
    (receipt,) = deployment.desk.record([report])
    deployment.projector.wake()
    status = status_of_receipt(receipt)
    if receipt.status == "refused":
        current = receipt.current_version
        more: dict[str, Any] = {} if current is None else {"current_version": current}
        return problem(status, receipt.reason or "", receipt.code or "", **more)
    etag = {"ETag": f'"{receipt.stream_version}"'}
    return Response(orjson.dumps(bounds.shown(receipt, report)), status, etag, JSON)


def _batch(deployment: Deployment, bounds: Bounds, body: bytes, atomic: bool) -> Response:
    answers: list[Receipt | None] = []
    reports: list[Report] = []
    for event in cloudevents.events_of(body):
        try:
            reports.append(_report(deployment, bounds, event))
            answers.append(None)
        except Refused as refusal:
            answers.append(refused(_subject(event), refusal))
        except Denied as denied:
            answers.append(Receipt("refused", _subject(event), code="denied", reason=str(denied)))
    if atomic and any(answers):
        receipts: Sequence[Receipt] = _none_of(reports)
    else:
        receipts = deployment.desk.record(reports, atomic=atomic)
        deployment.projector.wake()
    decided = zip(receipts, reports, strict=True)
    shown = [bounds.shown(*((answer,) if answer else next(decided))) for answer in answers]
    return Response(orjson.dumps({"receipts": shown}), media_type=JSON)


def _report(deployment: Deployment, bounds: Bounds, body: bytes) -> Report:
    return bounds.within(read_cloud_event(body, deployment.desk.resolve))


def _expecting(report: Report, version: int) -> Report:
    if report.expected_version not in (None, version):
        raise BadRequest("If-Match and expectedversion name different versions")
    return replace(report, expected_version=version)


def _none_of(reports: Sequence[Report]) -> list[Receipt]:
    """Refuse the good ones of an atomic batch too, because others of it cannot be taken."""
    reason = NotAlone("another report of this atomic batch is refused; nothing was recorded")
    return [refused(report.stream_id, reason) for report in reports]


def _subject(event: bytes) -> str:
    """Find the stream of an event that could not be read, to tell which one is meant."""
    found = SUBJECT.search(event.decode())
    return found[1] if found else ""
