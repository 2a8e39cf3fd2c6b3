"""A ticket that moved between companies: several streams that count as one ticket."""

from collections.abc import Iterable
from typing import Any, Final

from projections.ticket_record import BLANKS

COUNTED_BY_LINK: Final = ("notes", "steps", "reassigned", "holds")
"""Counts that a continued ticket does not carry over in its opening."""


def whole(links: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Join the states of a chain into that of the one ticket it is.

    The last stream says how it stands; what was tried, promised and asked in the earlier
    ones stays with it.
    """
    first, *rest = sorted(links, key=lambda link: _link(link["ticket_id"]))
    for link in rest:
        first = _continued(first, link)
    return first


def _link(ticket_id: str) -> int:
    """Count the streams of a chain: ``T`` is the first, ``T~2`` the second."""
    number = ticket_id.rpartition("~")[2]
    return int(number) if "~" in ticket_id and number.isdecimal() else 1


def _continued(earlier: dict[str, Any], link: dict[str, Any]) -> dict[str, Any]:
    result = dict(link)
    for entries in BLANKS:
        known = {entry["id"]: entry for entry in earlier[entries]}
        for entry in link[entries]:
            before = known.get(entry["id"])
            known[entry["id"]] = _joined(before, entry) if before else entry
        result[entries] = list(known.values())
    began = {name: earlier["evidence"][name] for name in ("opened",) if name in earlier["evidence"]}
    result["evidence"] = {**earlier["evidence"], **link["evidence"], **began}
    counts = dict(link["counts"])
    for name in COUNTED_BY_LINK:
        counts[name] += earlier["counts"][name]
    result["counts"] = counts
    result["first_reply_at"] = earlier["first_reply_at"] or link["first_reply_at"]
    result["reporters"] = list(dict.fromkeys((*earlier["reporters"], *link["reporters"])))
    result["links"] = [*earlier["links"], *(x for x in link["links"] if x not in earlier["links"])]
    return result


def _joined(before: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Join an entry with what an earlier stream says of the same thing."""
    said = {name: value for name, value in entry.items() if value is not None}
    joined = {**before, **said, "event_ids": [*before["event_ids"], *entry["event_ids"]]}
    if "events" in entry:
        joined["events"], joined["since"] = before["events"] + entry["events"], before["since"]
        del joined["event_ids"][1:-1]
    return joined
