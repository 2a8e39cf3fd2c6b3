"""The figures of the ServiceNow incident log, recomputed from what we recorded of it."""

from collections import Counter
from itertools import groupby, pairwise
from typing import Any, Final

from domain.events import Event
from domain.events.duties import (
    MilestoneBreached,
)
from domain.events.ticket import (
    ReporterJoined,
    TicketAssigned,
    TicketClassified,
    TicketClosed,
    TicketLinked,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from services.adapters.ids import to_id
from tests.published import DAY, Ticket, described, kept, top

UNANSWERABLE: Final = {
    "gz_sha256": "of the file, not of what it says",
    "csv_sha256": "of the file, not of what it says",
    "columns": "of the file, not of what it says",
    "changes_between_consecutive_rows.active": "left out: it ends with the closing",
    "order_traps.mod_count_goes_back": "left out: a counter of the source's own savings",
    "order_traps.mod_count_repeats": "left out: a counter of the source's own savings",
}
"""Figures that what we record cannot answer, and why."""

ELSEWHERE: Final = {
    "events without the five of state -100 (hristochr)": 141_707,
    "incidents with nothing but the end (KAIROS)": 1_816,
    "incidents that ever name a problem, a change, a cause (EvalForge)": (381, 179, 3),
    "per cent of incidents that broke the SLA (SLA-predictor)": 36.6,
}
"""Figures that others published of the same data set."""

PLAIN: Final = (
    "sys_created_by", "sys_created_at", "u_symptom", "cmdb_ci", "urgency", "knowledge",
)  # fmt: skip
"""Columns that we keep as they are."""

MAY_BE_MISSING: Final = (
    "caller_id", "opened_by", "sys_created_by", "sys_created_at", "location", "category",
    "subcategory", "u_symptom", "cmdb_ci", "assignment_group", "assigned_to", "problem_id", "rfc",
    "vendor", "caused_by", "closed_code", "resolved_by", "resolved_at",
)  # fmt: skip

BACKFILLED: Final = ("closed_code", "resolved_by", "resolved_at")
"""Columns that stand on all rows of the source, with us from the row on where they are true."""

States = list[dict[str, Any]]


def states(ticket: Ticket) -> States:
    """Say what each column held after each row of a ticket, as far as our steps tell."""
    opener = ticket.opening.actor
    now: dict[str, Any] = {"opened_by": opener if opener.startswith("agent/") else None}
    told: States = []
    for row in ticket.rows:
        for event in row.events():
            now.update(_said(event))
        for name, change in kept(row).items():
            new = change.new
            now[name] = to_id(new) if new and name not in PLAIN else new
        location = row.steps[-1].company
        now["location"] = None if location == "unassigned" else location
        told.append(dict(now))
    for state in told:
        state.update({name: now.get(name) for name in BACKFILLED})
    return told


def _said(event: Event) -> dict[str, Any]:
    """Say which columns an event tells, and what."""
    match event:
        case TicketOpened():
            return {"caller_id": event.requester_id, **_classes(event)}
        case TicketClassified():
            return {name: value for name, value in _classes(event).items() if value is not None}
        case TicketAssigned(to=to):
            return {"assignment_group": to.team, "assigned_to": to.agent}
        case TicketLinked():
            return {str(event.system): event.other_ticket_id}
        case ReporterJoined():
            return {"caller_id": event.contact_id}
        case TicketResolved() if event.resolution_code or event.resolved_by:
            code = event.resolution_code
            return {
                "closed_code": code and to_id(code), "resolved_by": event.resolved_by,
                "resolved_at": True,
            }  # fmt: skip
        case TicketClosed(resolution_code=str(code)):
            return {"closed_code": to_id(code)}
        case _:
            return {}


def _classes(event: TicketOpened | TicketClassified) -> dict[str, Any]:
    category = event.category and to_id(event.category)
    return {
        "priority": event.priority, "impact": event.severity, "category": category,
        "subcategory": event.product_id,
    }  # fmt: skip


def answers(found: dict[str, Ticket]) -> dict[str, Any]:
    """Recompute what is published of the data set."""
    told = {name: states(ticket) for name, ticket in found.items()}
    rows = [row for ticket in found.values() for row in ticket.rows]
    openings = [ticket.opening.at for ticket in found.values()]
    variants = [ticket.activities for ticket in found.values()]
    lengths = ("min", "q25", "median", "mean", "q75", "p95", "p99", "max")
    breached = {name for name, ticket in found.items() if _any(ticket, MilestoneBreached)}
    return {
        "rows": len(rows),
        "incidents": len(found),
        "first_update": f"{min(row.at for row in rows):%F %T}",
        "last_update": f"{max(row.at for row in rows):%F %T}",
        "first_opened": f"{min(openings):%F %T}",
        "last_opened": f"{max(openings):%F %T}",
        "states": Counter(row.activity for row in rows),
        "first_state": Counter(variant[0] for variant in variants),
        "last_state": Counter(variant[-1] for variant in variants),
        "events_per_incident": described(map(len, variants), *lengths),
        "variants_full": len(set(variants)),
        "variants_repeats_collapsed": len({tuple(k for k, _ in groupby(v)) for v in variants}),
        "distinct": _distinct(told, found),
        "question_mark_cells": _missing(told),
        "changes_between_consecutive_rows": _changes(found, told),
        "rows_without_visible_change": sum(map(_silent, found.values())),
        "reopen": _reopen(found),
        "reassign": _reassign(found, told),
        "sla_breached_final": len(breached),
        "sla_met_final": len(found) - len(breached),
        "incidents_ever_awaiting_user": sum("Awaiting User Info" in v for v in variants),
        **_durations(found),
        "tickets_per_location_top5": top(_first(told, "location"), 5),
        "tickets_per_caller_top3": top(_first(told, "caller_id"), 3),
        "opened_by_month": Counter(f"{at:%Y-%m}" for at in openings),
        "order_traps": _traps(found),
    }


Told = dict[str, States]
LENGTHS: Final = ("n", "min", "q25", "median", "mean", "q75", "max")


def _any(ticket: Ticket, kind: type[Event]) -> bool:
    return any(isinstance(step.event, kind) for step in ticket.steps())


def _first(told: Told, column: str) -> Counter[str]:
    """Count tickets by what their first row names, in the source's spelling."""
    named = (states[0][column] for states in told.values())
    return Counter(name.replace("-", " ").capitalize() for name in named if name)


def _distinct(told: Told, found: dict[str, Ticket]) -> dict[str, int]:
    columns = (
        "caller_id", "opened_by", "sys_created_by", "location", "category", "subcategory",
        "u_symptom", "assignment_group", "assigned_to", "resolved_by", "problem_id", "rfc",
        "closed_code",
    )  # fmt: skip
    every = [state for states in told.values() for state in states]
    counts = {name: len({state.get(name) for state in every} - {None}) for name in columns}
    updaters = {
        step.actor
        for ticket in found.values()
        for step in ticket.steps()
        if not isinstance(step.event, TicketOpened)
    }
    return {**counts, "sys_updated_by": len(updaters)}


def _missing(told: Told) -> dict[str, int]:
    every = [state for states in told.values() for state in states]
    return {name: sum(state.get(name) is None for state in every) for name in MAY_BE_MISSING}


def _changes(found: dict[str, Ticket], told: Told) -> dict[str, int]:
    columns = (
        "assignment_group", "assigned_to", "priority", "impact", "urgency", "category",
        "subcategory", "caller_id", "location", "knowledge",
    )  # fmt: skip
    steps = [pair for states in told.values() for pair in pairwise(states)]
    counts = {name: sum(a.get(name) != b.get(name) for a, b in steps) for name in columns}
    later = [row for ticket in found.values() for row in ticket.rows[1:]]
    return {
        **counts,
        "incident_state": sum(
            a != b for ticket in found.values() for a, b in pairwise(ticket.activities)
        ),
        "made_sla": sum(isinstance(e, MilestoneBreached) for row in later for e in row.events()),
        "reassignment_count": sum(_reassignments(found, told).values()),
        "reopen_count": sum("reopen_count" in kept(row) for row in later),
    }


def _silent(ticket: Ticket) -> int:
    """Count the rows that say nothing but that the source saved, or what it knew before."""
    silent = 0
    for before, row in pairwise(ticket.rows):
        visible = kept(row).keys() - set(BACKFILLED)
        events = {type(event) for event in row.events()}
        ended = {TicketResolved, TicketClosed} if row.activity == before.activity else set()
        silent += (
            not visible and not events - {TicketUpdated} - ended and row.activity == before.activity
        )
    return silent


def _reopen(found: dict[str, Ticket]) -> dict[str, int]:
    times = [
        sum(isinstance(step.event, TicketReopened) for step in ticket.steps())
        for ticket in found.values()
    ]
    counted = [
        sum("reopen_count" in kept(row) for row in ticket.rows[1:]) for ticket in found.values()
    ]
    return {
        "sum_of_final_reopen_count": sum(counted),
        "incidents_reopen_count_gt0": sum(count > 0 for count in counted),
        "times_state_left_Resolved_or_Closed": sum(times),
        "incidents_state_left_Resolved_or_Closed": sum(time > 0 for time in times),
    }


def _reassignments(found: dict[str, Ticket], told: Told) -> dict[str, int]:
    """Count, as the source does: a change of group, and now and then none."""
    return {
        name: sum(
            a.get("assignment_group") != b.get("assignment_group") for a, b in pairwise(told[name])
        )
        + sum("reassignment_count" in kept(row) for row in ticket.rows)
        for name, ticket in found.items()
    }


def _reassign(found: dict[str, Ticket], told: Told) -> dict[str, int]:
    counts = _reassignments(found, told).values()
    return {
        "sum_of_final_reassignment_count": sum(counts),
        "incidents_gt0": sum(count > 0 for count in counts),
        "max": max(counts),
    }


def _durations(found: dict[str, Ticket]) -> dict[str, Any]:
    closed, resolved = [], []
    for ticket in found.values():
        began = ticket.opening.at
        ends = [s.at for s in ticket.steps() if isinstance(s.event, TicketClosed)]
        closed.append((ends[-1] - began).total_seconds() / DAY)
        known = [
            step.at
            for step in ticket.steps()
            if isinstance(step.event, TicketResolved)
            and (step.event.resolution_code or step.event.resolved_by)
        ]
        if known:
            resolved.append((known[-1] - began).total_seconds() / DAY)
    return {
        "opened_to_closed_days": described(closed, *LENGTHS),
        "opened_to_resolved_days": described(resolved, *LENGTHS),
        "incidents_without_resolved_at": len(found) - len(resolved),
    }


def _traps(found: dict[str, Ticket]) -> dict[str, Any]:
    pairs = [(name, a.at, b.at) for name, t in found.items() for a, b in pairwise(t.rows)]
    return {
        "same_minute_as_previous_row": sum(a == b for _, a, b in pairs),
        "update_time_goes_back": sorted({name for name, a, b in pairs if b < a}),
        "state_minus_100_rows": sum(r.activity == "-100" for t in found.values() for r in t.rows),
        "update_before_opened_rows": sum(
            row.at < ticket.opening.at for ticket in found.values() for row in ticket.rows
        ),
    }


def answers_elsewhere(found: dict[str, Ticket]) -> dict[str, Any]:
    """Recompute what others published."""
    variants = [ticket.activities for ticket in found.values()]
    links = [
        {s.event.system for s in ticket.steps() if isinstance(s.event, TicketLinked)}
        for ticket in found.values()
    ]
    broken = sum(_any(ticket, MilestoneBreached) for ticket in found.values())
    ends = {"Resolved", "Closed"}
    ours = (
        sum(activity != "-100" for variant in variants for activity in variant),
        sum(set(variant) <= ends for variant in variants),
        tuple(sum(name in named for named in links) for name in ("problem_id", "rfc", "caused_by")),
        round(100 * broken / len(found), 1),
    )
    return dict(zip(ELSEWHERE, ours, strict=True))
