"""`longcase report`: one event by hand."""

import difflib
import getpass
import re
from builtins import type as type_of
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from services.cli import local, times
from services.cli.errors import OK, REFUSED
from services.cli.kinds import Actor, Company, Id, Time, Version, Visibility
from services.cli.show import TEXT, Output, document, line, note, place_of

if TYPE_CHECKING:
    from domain.events import Event
    from services.deployment import Deployment
    from services.desk import Desk
    from services.wire import Report

SOURCE: Final = "longcase-report"
"""The source of what is reported by hand."""


def report(
    type: str,
    stream: str,
    /,
    *fields: str,
    company: Company = None,
    visibility: Visibility | None = None,
    at: Time = None,
    actor: Actor = None,
    id: Id = None,
    expected_version: Version = None,
    dry_run: bool = False,
    output: Output = TEXT,
) -> int:
    """Record one event by hand: a note, a logged call, a promise.

    longcase report ticket.internal_note_added TCK-1 note='Rang back' --visibility internal

    docs/events.md lists the events and their fields.

    Args:
        type: The event's type, such as ticket.internal_note_added.
        stream: What it happened to, such as ticket/TCK-1; the id alone is enough.
        fields: The event's own fields, each as field=value; to.agent=mia reaches inside, and
            what is not text is written as JSON.
        company: The company it belongs to, by id or as domain=acme.com, mail=, phone=; an
            existing ticket knows its own.
        visibility: For whose eyes it is; messages must say it.
        at: When it happened; now, if not given.
        actor: Who did it, as agent/ID, contact/ID or system/ID; you, if not given.
        id: Its id, for a report that may be repeated: with the same id and the same --at it is
            recorded once.
        expected_version: Refuse it if the stream has moved on from this version.
        dry_run: Record nothing; of a ticket.fact_requested, say whether the answer is on file.
    """
    known = {
        "company": company, "visibility": visibility, "actor": actor or _you(),
        "expectedversion": expected_version, "time": _moment(at), "id": id or _new_id(),
    }  # fmt: skip
    with local.deployed() as deployment:
        if dry_run:
            local.catch_up(deployment)
        reported = _read(deployment.desk, type, stream, fields, known)
        told = _checked(reported) if dry_run else _recorded(deployment.desk, reported)
        local.catch_up(deployment)
        if told["status"] != "refused":
            told |= _reminder(deployment, reported, told)
    if output.form != "text":
        document(told)
    elif told["status"] == "refused":
        note(f"error: {told['reason']}")
    elif dry_run:
        line(f"nothing recorded: {told['stream_id']} could be told of it")
    else:
        place = place_of(told["stream_id"], told["position"], told.get("company_id"))
        line(f"{told['status']} {place}")
    if known_fact := told.get("known"):
        note(_warning(known_fact))
    return REFUSED if told["status"] == "refused" else OK


def _read(
    desk: "Desk", type: str, stream: str, words: tuple[str, ...], known: dict[str, Any]
) -> "Report":
    """Read what the words say.

    Raises:
        Refused: If they say nothing that can be recorded; the message names the fields.
    """
    from domain.errors import InvalidReport
    from services.cli.fields import fields_of
    from services.wire import read_cloud_event

    model = _model(type)
    where = stream if "/" in stream else f"{model.stream_kind()}/{stream}"
    data = fields_of(model, words)
    sent = {"type": type, "source": SOURCE, "subject": where, "data": data} | known
    body = orjson.dumps({name: value for name, value in sent.items() if value is not None})
    try:
        return read_cloud_event(body, desk.resolve)
    except InvalidReport as error:
        raise InvalidReport(f"{error}; {_hint(model, str(error))}") from None


def _recorded(desk: "Desk", reported: "Report") -> dict[str, Any]:
    """Record a report, and return the receipt, what is empty left out."""
    from domain.errors import InvalidReport

    try:
        (receipt,) = desk.record([reported])
    except InvalidReport as error:
        raise InvalidReport(f"{error}; {_hint(type_of(reported.event), str(error))}") from None
    told = {name: value for name, value in asdict(receipt).items() if value is not None}
    if told.get("code") == "content-differs":
        told["reason"] += ", or repeat the old one with the same --at"
    return told


def _checked(reported: "Report") -> dict[str, Any]:
    return {"status": "not recorded", "stream_id": reported.stream_id}


def _reminder(deployment: "Deployment", reported: "Report", told: dict[str, Any]) -> dict[str, Any]:
    """Say of a question to the customer whether it was answered on file already."""
    from domain.events.duties import FactRequested
    from services.asking import Asking
    from services.security import local as user

    event, asking = reported.event, Asking(deployment, user())
    if not isinstance(event, FactRequested):
        return {}
    if "position" in told:
        at, position = reported.occurred_at, told["position"]
        return asking.reminded(told["stream_id"], event, at, position)
    ticket_id = reported.stream_id.removeprefix("ticket/")
    return asking.on_file(ticket_id, event.fact_key, event.from_contact_id)


def _warning(fact: dict[str, Any]) -> str:
    """Say that something need not be asked, and what is on file."""
    value = "restricted" if fact["redacted"] else fact["value"]
    source = f", from {fact['learned_from']}" if fact["learned_from"] else ""
    return f"on file already: {value}{source} (event {fact['event_id']})"


def _model(type: str) -> "type_of[Event]":
    from domain.errors import UnknownType
    from domain.events import TYPES, model_of

    try:
        return model_of(type)
    except UnknownType as error:
        close = difflib.get_close_matches(type, TYPES, n=1)
        raise UnknownType(f"{error}; did you mean {close[0]}?" if close else str(error)) from None


def _hint(model: "type_of[Event]", problem: str) -> str:
    """Say what to type instead."""
    if problem.startswith("visibility is missing"):
        return "add --visibility"
    names = [
        f"{name} (needed)" if field.is_required() else name
        for name, field in model.model_fields.items()
    ]
    return f"{model.TYPE} has {', '.join(names) or 'no fields'}"


def _moment(at: str | None) -> str:
    moment = times.time(at, "--at") or datetime.now(UTC)
    return moment.isoformat()


def _new_id() -> str:
    import uuid_utils.compat

    return str(uuid_utils.compat.uuid7())


def _you() -> str:
    """Name the user of this machine as an agent, as far as an id can."""
    try:
        name = re.sub(r"[^A-Za-z0-9._~-]", "-", getpass.getuser())[:128]
    except (KeyError, OSError):
        name = ""
    return f"agent/{name}" if name else "system/unnamed"
