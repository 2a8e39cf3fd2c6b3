"""The steps of a replay as JSON, a page at a time."""

from typing import Annotated, Any, Final, NamedTuple

import orjson
from fastapi import Depends, Query, Request, Response

from projections.replay import Step
from services.api.answers import json, link
from services.api.identity import Read
from services.api.problems import BadRequest
from services.api.query import Word, known

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of states from which on an answer takes no further step."""

Ordinal = Annotated[int | None, Query(ge=1, le=10**9)]


class Which(NamedTuple):
    """Which steps are asked for."""

    step: int | None
    first: int
    limit: int
    known_at: str | None


def which(
    step: Ordinal = None,
    after_step: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    known_at: Annotated[Word | None, Query()] = None,
) -> Which:
    """Read which steps are asked for.

    Raises:
        BadRequest: If one step and those after another are asked for at once.
    """
    if step is None:
        return Which(None, after_step + 1, limit, known_at)
    if after_step:
        raise BadRequest("step asks for one step, after_step for those that follow; give one")
    return Which(step, step, 1, known_at)


Asked = Annotated[Which, Depends(which)]


def steps(request: Request, read: Read, target: str, asked: Which) -> Response:
    """Answer with the steps that are asked for, and the way to those that follow."""
    history = read.history(target, known(read, asked.known_at))
    total, found, size = len(history.events), [], 0
    if asked.step is not None or asked.first <= total:
        for step in read.steps(history, asked.first, asked.limit):
            found.append(_shown(step))
            size += len(step.document) + 2 * sum(map(len, step.others))
            if size > LARGEST:
                break
    last = asked.first + len(found) - 1
    position = None if history.reader.public_only else history.position
    more = None if asked.step is not None or last >= total else link(
        request, after_step=last, known_at=asked.known_at or position
    )  # fmt: skip
    return json(
        {"steps": found, "total": total, "position": position, "next": more},
        {"Link": f'<{more}>; rel="next"'} if more else None,
    )


def _shown(step: Step) -> dict[str, Any]:
    """Write one step: its event, and the state after it."""
    others: dict[str, Any] = {}
    if step.others:
        others = {"others": [orjson.Fragment(o) for o in step.others], "whole": step.whole}
    return {
        "step": step.ordinal,
        "position": step.position,
        "event": step.event,
        "state": orjson.Fragment(step.document),
        **others,
    }
