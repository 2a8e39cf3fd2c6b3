"""Reading dossiers: as a company stands, and as it stood by a time, as far as was known then."""

from collections.abc import Iterable

import orjson

from domain.values import Reader
from projections.database import Row
from projections.dossier import tables
from projections.dossier.fold import NOTHING, Folded, fold, read, seen
from projections.dossier.keeping import events_after, lived_by, unknown_tickets
from projections.dossier.record import Entry
from projections.dossier.standing import standing
from projections.dossier.tables import FOREVER, Kept
from projections.projection import View


def of(
    view: View,
    reader: Reader,
    company_id: str,
    as_of: int | None = None,
    known_at: int | None = None,
) -> bytes:
    """Read a company's document for a member of staff.

    Args:
        as_of: As it had happened by then, in microseconds; ``None``: whenever it happens.
        known_at: As it was recorded up to this position; ``None``: all that is folded.
    """
    until_then = FOREVER if as_of is None else as_of
    known = FOREVER if known_at is None else known_at
    with view.database.snapshot():
        head = tables.heads(view, [company_id]).get(company_id)
        if head is None:
            return NOTHING
        is_all = until_then >= head.place[0] and known >= head.position
        if is_all and head.waits is None:
            return _whole(view, reader, company_id, head)
        return until(view, reader, company_id, until_then, known).document


def live(view: View, reader: Reader, company_id: str) -> bytes:
    """Read a company's document as it stands."""
    head = tables.heads(view, [company_id]).get(company_id)
    if head is None:
        return NOTHING
    if head.waits is not None:
        return until(view, reader, company_id, FOREVER, FOREVER).document
    return _whole(view, reader, company_id, head)


def _whole(view: View, reader: Reader, company_id: str, head: Kept) -> bytes:
    """Put the open tickets beside a company's record."""
    tickets = {
        stream.split("/", 1)[1]: orjson.Fragment(_readable(reader, doc, internal))
        for stream, _, _, doc, internal in tables.open_tickets(view, [company_id])
    }
    record = orjson.Fragment(_readable(reader, head.doc, head.internal))
    return orjson.dumps({"company": record, "open_tickets": tickets}, option=orjson.OPT_SORT_KEYS)


def until(
    view: View,
    reader: Reader,
    company_id: str,
    as_of: int,
    known_at: int,
    *,
    weighing: bool = False,
) -> Folded:
    """Fold a company as it stood, from the best checkpoint on.

    Args:
        as_of: Microseconds since 1970.
        weighing: Only what can change how it stands, in short: no more than that is right then.
    """
    latest = tables.latest(view, company_id, known_at)
    if latest is None:
        return Folded()
    as_of = min(as_of, latest[0])  # nothing known then had happened later
    known_at = min(known_at, latest[1])
    base = tables.best_checkpoint(view, company_id, as_of, known_at)
    folded = read(_readable(reader, base.doc, base.internal)) if base else Folded()
    for events in events_after(view, company_id, base, as_of, known_at, weighing=weighing):
        for logged in unknown_tickets(view, events, folded.tickets, base, known_at):
            folded.recall(seen(logged, reader))
        fold(events, reader, folded, lambda split: lived_by(view, split, known_at))
    return folded


def stands(view: View, reader: Reader, companies: Iterable[str]) -> dict[str, Entry]:
    """Read how some companies stand; of whom nothing is known is left out."""
    with view.database.snapshot():
        return {
            row.company_id: _standing(view, reader, row, FOREVER, FOREVER)
            for row in tables.standings(view, companies)
        }


def standings(
    view: View,
    reader: Reader,
    as_of: int | None = None,
    known_at: int | None = None,
) -> list[Entry]:
    """Read how the companies in reach of a member of staff stand, or stood; also unknown ones.

    As they stand, that is a short row of each.  A company with which something has happened, or
    was recorded, since the instant is folded again from its last checkpoint before.

    Args:
        as_of: As it had happened by then, in microseconds; ``None``: whenever it happens.
        known_at: As it was recorded up to this position; ``None``: all that is folded.
    """
    until_then = FOREVER if as_of is None else as_of
    known = FOREVER if known_at is None else known_at
    with view.database.snapshot():
        return [
            _standing(view, reader, row, until_then, known)
            for row in tables.standings(view, reader.companies)
        ]


def _standing(view: View, reader: Reader, row: tables.Standing, as_of: int, known_at: int) -> Entry:
    """Take a company's short row, or what it was if that is not what is asked."""
    if row.is_whole and as_of >= row.occurred_at and known_at >= row.position:
        stands: Entry = orjson.loads(_readable(reader, row.doc, row.internal))
        return stands
    folded = until(view, reader, row.company_id, as_of, known_at, weighing=True)
    folded.company.company_id = row.company_id
    return standing(folded.company)


def _readable(reader: Reader, doc: Row | bytes, internal: bytes | None) -> bytes:
    return bytes(doc if "restricted" in reader.visibilities else internal or doc)
