"""What a timeline is asked: its filters as they are typed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from services.cli import times
from services.cli.errors import Usage
from services.cli.kinds import (
    Actors,
    Ids,
    Names,
    Severities,
    Text,
    Time,
    TimeOrPosition,
    Types,
    Visibility,
)

if TYPE_CHECKING:
    from projections.timeline_filter import Filter
    from services.reading import Reading


@Parameter(name="*")
@dataclass(frozen=True)
class Asked:
    """What to show of a timeline.

    Attributes:
        since: Happened at this time or later.
        until: Happened before this time.
        as_of: As it had happened by this time.
        known_at: As it was recorded by this time, or up to this position.
        type: Only events of this type, such as ticket.agent_replied; may be repeated.
        actor: Only what was done by this one, such as agent/mia; may be repeated.
        channel: Only what came by this channel, such as phone; may be repeated.
        severity: Only what has this severity, 1 the worst; may be repeated.
        ticket: Only what belongs to this ticket; may be repeated.
        contact: Only what concerns this contact, by id; may be repeated.
        product: Only what concerns this product; may be repeated.
        department: Only what belongs to this department; may be repeated.
        visibility: Only what is for these eyes; may be repeated.
        search: Only what holds these words; "quoted words" stand together, and of the last
            word the beginning is enough.
        roll_up: With the companies that belong to this one.
    """

    since: Annotated[Time, Parameter(name="--from")] = None
    until: Annotated[Time, Parameter(name="--to")] = None
    as_of: Time = None
    known_at: TimeOrPosition = None
    type: Types = ()
    actor: Actors = ()
    channel: Names = ()
    severity: Severities = ()
    ticket: Ids = ()
    contact: Ids = ()
    product: Ids = ()
    department: Names = ()
    visibility: tuple[Visibility, ...] = ()
    search: Text = None
    roll_up: bool = False

    def filter(self, reading: "Reading") -> "Filter":
        """Check the filters, and put them into the words of the projection.

        Raises:
            Usage: If a time is none, or --from is later than --to.
            UnknownType: If no event has such a type.
            QueryRefused: If a filter is out of range.
        """
        from domain.events import model_of
        from projections.timeline_filter import Filter

        for name in self.type:
            model_of(name)
        since, until = _micros(self.since, "--from"), _micros(self.until, "--to")
        if since is not None and until is not None and since > until:
            raise Usage("--from is later than --to, so that nothing can lie between them")
        return Filter(
            since=since,
            until=until,
            as_of=_micros(self.as_of, "--as-of"),
            known_at=known(reading, self.known_at),
            types=self.type,
            actors=self.actor,
            channels=self.channel,
            severities=self.severity,
            tickets=self.ticket,
            contacts=self.contact,
            products=self.product,
            departments=self.department,
            visibilities=self.visibility,
            search=self.search,
            roll_up=self.roll_up,
        )


def known(reading: "Reading", text: str | None) -> int | None:
    """Turn a position, or a time of recording, into a position."""
    if text is None:
        return None
    found = times.instant(text, "--known-at")
    return found if isinstance(found, int) else reading.position_at(found)


def _micros(text: str | None, option: str) -> int | None:
    from domain.values import micros

    moment = times.time(text, option)
    return None if moment is None else micros(moment)
