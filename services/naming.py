"""Names of people, put where a document has a slot for them.

Only what was rendered here has slots; what a user wrote is cleaned of anything that looks like
one, so that nobody can ask for a name by writing an id.
"""

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from domain.values import moment
from projections import directory
from projections.projection import View
from projections.slots import clean_json, fill
from projections.timeline_filter import Filter
from services.control import Control


class Naming:
    """Finds the names of contacts and of staff."""

    def __init__(self, control: Control, view: Callable[[], View]) -> None:
        """Take the control store, and what finds the directory's view."""
        self._control = control
        self._view = view

    def of(self, people: Iterable[str], asked: Filter | None = None) -> dict[str, str]:
        """Find names by ``contact/ID`` or ``staff/ID``, as known on the clocks of *asked*."""
        split: dict[str, list[str]] = {"contact": [], "staff": []}
        for person in sorted(people):
            kind, _, local_id = person.partition("/")
            split[kind].append(local_id)
        names = {f"staff/{who}": name for who, name in self._control.staff(split["staff"]).items()}
        if split["contact"]:
            as_of = moment(asked.as_of) if asked and asked.as_of is not None else None
            known_at = asked.known_at if asked else None
            named = directory.names(self._view(), split["contact"], as_of, known_at)
            names |= {f"contact/{contact}": name for contact, name in named.items()}
        return names

    def in_entries(self, entries: list[bytes], asked: Filter) -> list[bytes]:
        """Fill the slots of a page of entries, all at once."""
        joined = fill(b"\n".join(entries), lambda people: self.of(people, asked))
        return joined.split(b"\n") if entries else []

    def in_value(self, value: Any) -> Any:
        """Fill the slots of something that was rendered here."""
        return orjson.loads(fill(orjson.dumps(value), self.of))

    def in_state(self, state: dict[str, Any]) -> dict[str, Any]:
        """Put names where a ticket's state names its people by their ids."""
        agent = state["assignee"]["agent"]
        wanted = {f"contact/{who}" for who in (state["requester_id"], *state["reporters"]) if who}
        names = self.of(wanted | ({f"staff/{agent}"} if agent else set()))
        requester = state["requester_id"]
        return {
            **state,
            "requester_id": names.get(f"contact/{requester}", requester),
            "reporters": [names.get(f"contact/{who}", who) for who in state["reporters"]],
            "assignee": {**state["assignee"], "agent": names.get(f"staff/{agent}", agent)},
        }


def cleaned(value: Any) -> Any:
    """Take what looks like a slot out of what users wrote."""
    return cleaned_json(orjson.dumps(value))


def cleaned_json(document: bytes) -> Any:
    """Read a document, as `cleaned` leaves it, from the bytes that orjson wrote."""
    return orjson.loads(clean_json(document))
