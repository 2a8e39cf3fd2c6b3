"""What was promised to a company on its tickets, as it stood at a moment of the past.

It is folded from the events that tell of promises alone, and of what says which ticket they are
on: so the past of a company with a long history is read in one pass over its log.
"""

from typing import Any, Final

import orjson

from domain.events.duties import (
    CommitmentBroken,
    CommitmentKept,
    CommitmentMade,
    CommitmentWithdrawn,
)
from domain.events.ticket import TicketMovedAway, TicketOpened
from domain.events.ties import TicketSplit
from domain.values import Reader, micros, ticket_chain
from projections import replay as replays
from services.asking import Moment
from services.control import Keyring
from services.feed import opened
from services.history import TICKET, streams_of
from services.store import Log, Row

TYPES: Final = frozenset(
    event.TYPE
    for event in (
        CommitmentMade, CommitmentKept, CommitmentBroken, CommitmentWithdrawn, TicketOpened,
        TicketMovedAway, TicketSplit,
    )
)  # fmt: skip

State = dict[str, Any]


def promising(
    log: Log, keyring: Keyring, reader: Reader, company_id: str, moment: Moment
) -> list[State]:
    """List what promises a company's tickets held at a moment, each chain of streams as one."""
    rows = _rows(log, reader, company_id, moment.known_at)
    until = micros(moment.at)
    events = sorted(
        (logged for logged in opened(rows, keyring) if logged.happened[0] <= until),
        key=lambda logged: logged.happened,
    )
    last = next(replays.replay(events, reader, start=replays.count(events, reader)), None)
    chains: dict[str, list[State]] = {}
    for state in map(orjson.loads, (*last.others, last.document) if last else ()):
        chains.setdefault(state["chain_id"], []).append(state)
    return [replays.whole(links) for links in chains.values()]


def _rows(log: Log, reader: Reader, company_id: str, known_at: int | None) -> list[Row]:
    """List the events of a company's tickets, and of their streams at other companies."""
    rows = [row for row in log.all_of_company(company_id, known_at) if row.type in TYPES]
    known = {row.stream_id for row in rows}
    moved = {
        ticket_chain(row.stream_id.removeprefix(TICKET))
        for row in rows
        if "~" in row.stream_id or row.type == TicketMovedAway.TYPE
    }
    elsewhere = {stream for chain in moved for stream in streams_of(log, chain)} - known
    for stream in sorted(elsewhere):
        found = [row for row in log.of_stream(stream, known_at) if row.type in TYPES]
        rows += [row for row in found if reader.may_read(row.company_id)]
    return rows
