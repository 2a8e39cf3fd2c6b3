"""What runs where at a company, and how it is set: folded from the company's events.

A configuration is that of a moment: of what had happened by then, in the order it happened.
What was recorded after the moment it is asked for is there too, and marked as learned later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.events import Logged
from domain.events.assets import InstallationRetired, InstallationUpgraded
from domain.events.company import InstallationConfigured, ProductInstalled
from domain.values import Reader, micros, rfc3339
from projections.redaction import is_closed, is_hidden

TYPES: Final = frozenset(
    model.TYPE
    for model in (
        ProductInstalled, InstallationUpgraded, InstallationConfigured, InstallationRetired,
    )
)  # fmt: skip
"""The events that say what runs where."""

Change = dict[str, Any]


@dataclass(slots=True)
class Installation:
    """One installation as it was at a moment.

    Attributes:
        retired_at: When it was taken out of use; ``None`` while it runs.
        settings: The last value of each; one that was taken away is left out.
        event_ids: What it is known from, in the order it happened.
        learned_later: Those of them that were recorded after the position it is held against.
        withheld: Those of them that the reader may not read, and so are not in it.
    """

    installation_id: str
    product_id: str | None = None
    version: str | None = None
    environment: str | None = None
    retired_at: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    event_ids: list[str] = field(default_factory=list)
    learned_later: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)

    def take(self, logged: Logged, reader: Reader) -> None:
        """Take over one event of it, as far as *reader* may read it."""
        event_id = str(logged.event.event_id)
        self.event_ids.append(event_id)
        if is_closed(reader, logged.event):
            self.withheld.append(event_id)
            return
        match logged.event.data:
            case ProductInstalled() as installed:
                self.product_id = installed.product_id
                self.version = installed.version or self.version
                self.environment = installed.environment or self.environment
                self.retired_at = None
            case InstallationUpgraded(to_version=version):
                self.version = version
            case InstallationRetired():
                self.retired_at = rfc3339(logged.event.occurred_at)
            case InstallationConfigured(changes=changes):
                for change in changes:
                    if change.new is None:
                        self.settings.pop(change.key, None)
                    else:
                        self.settings[change.key] = change.new
            case _:
                pass


class Installations:
    """All installations of some companies, to be asked as of any moment."""

    def __init__(self, events: Iterable[Logged], reader: Reader) -> None:
        """Take the events of the types above, of companies that *reader* may read."""
        seen = [logged for logged in events if not is_hidden(reader, logged.event)]
        self._reader = reader
        self._of: dict[str, list[Logged]] = {}
        for logged in sorted(seen, key=lambda logged: logged.happened):
            self._of.setdefault(_id_of(logged), []).append(logged)

    @property
    def ids(self) -> list[str]:
        """Name them, in the order they came up."""
        return list(self._of)

    def at(
        self, installation_id: str, moment: datetime, position: int | None = None
    ) -> Installation:
        """Say how one was set at a moment.

        Args:
            position: What was recorded after it is marked as learned later.
        """
        found = Installation(installation_id)
        for logged in self._until(installation_id, moment):
            found.take(logged, self._reader)
            if position is not None and logged.position > position:
                found.learned_later.append(str(logged.event.event_id))
        return found

    def since(
        self, installation_id: str, moment: datetime, until: datetime | None = None
    ) -> list[Change]:
        """List what changed in one after a moment, each change with its event."""
        return [
            change
            for logged in self._of.get(installation_id, ())
            if micros(moment) < logged.happened[0] and (until is None or _by(until, logged))
            for change in _changes(logged, self._reader)
        ]

    def _until(self, installation_id: str, moment: datetime) -> Sequence[Logged]:
        return [logged for logged in self._of.get(installation_id, ()) if _by(moment, logged)]


def _by(moment: datetime, logged: Logged) -> bool:
    return logged.happened[0] <= micros(moment)


def _id_of(logged: Logged) -> str:
    return str(getattr(logged.event.data, "installation_id"))  # noqa: B009  each of the types has it


def _changes(logged: Logged, reader: Reader) -> list[Change]:
    event = logged.event
    told = {
        "at": rfc3339(event.occurred_at),
        "recorded_at": rfc3339(event.recorded_at),
        "position": logged.position,
        "event_id": str(event.event_id),
        "late": logged.late,
    }
    if is_closed(reader, event):
        return [{**told, "redacted": True, "key": None, "old": None, "new": None}]
    match event.data:
        case InstallationConfigured(changes=changes):
            said = [(change.key, change.old, change.new) for change in changes]
        case ProductInstalled(version=version):
            said = [("version", None, version)]
        case InstallationUpgraded(from_version=old, to_version=new):
            said = [("version", old, new)]
        case InstallationRetired():
            said = [("retired", None, rfc3339(event.occurred_at))]
        case _:
            said = []
    return [
        {**told, "redacted": False, "key": key, "old": old, "new": new} for key, old, new in said
    ]
