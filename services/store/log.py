"""Reading the log: rows after a position, of a company, of a stream; reports and handles.

The same questions in the same SQL to both databases.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple

from eventsourcing.persistence import OperationalError

from projections.database import Database, failures
from projections.database import Row as Found
from services.store.placement import KnownReport

COLUMNS: Final = (
    "originator_id, originator_version, topic, state, company_id, company_seq, public_seq, "
    "committed_at, late"
)

MOMENT: Final = {
    "sqlite": 'substr(state, instr(state, CAST(\'"occurred_at":"\' AS BLOB)) + 15, 27)',
    "postgresql": 'substring(state FROM position(\'"occurred_at":"\'::bytea IN state) + 15 FOR 27)',
}
"""When an event happened, out of its bytes: text that is ordered as it is in time."""


class Place(NamedTuple):
    """Where an event stands, without its bytes."""

    happened: bytes
    position: int
    stream_id: str
    company_id: str | None
    public_seq: int | None


class Row(NamedTuple):
    """One stored event with its place, bytes untouched.

    Attributes:
        traceparent: The W3C trace it was reported in; only where it was asked for.
    """

    position: int
    stream_id: str
    stream_version: int
    type: str
    state: bytes
    company_id: str | None
    company_seq: int | None
    public_seq: int | None
    committed_at: int
    late: int
    traceparent: str | None = None


class Log:
    """Reads the store through a connection of its own for each thread."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._local = threading.local()
        self._position = "rowid" if url.startswith("sqlite:") else "notification_id"

    @property
    def database(self) -> Database:
        """This thread's connection."""
        if not hasattr(self._local, "database"):
            self._local.database = Database(self.url)
        found: Database = self._local.database
        return found

    def close(self) -> None:
        """Close this thread's connection."""
        if hasattr(self._local, "database"):
            self._local.database.close()
            del self._local.database

    def head(self) -> int:
        """Say the last position, 0 in an empty store."""
        return int(self._ask(f"SELECT coalesce(max({self._position}), 0) FROM stored_events")[0][0])

    def count_between(self, after: int, upto: int) -> int:
        """Count the events after one position, up to another."""
        rows = self._ask(
            f"SELECT count(*) FROM stored_events "
            f"WHERE {self._position} > ? AND {self._position} <= ?",
            (after, upto),
        )
        return int(rows[0][0])

    def after(self, position: int, limit: int = 500) -> list[Row]:
        """List events in recorded order from just after *position*."""
        return self._rows(
            f"{self._position} > ? ORDER BY {self._position} LIMIT ?", position, limit
        )

    def traced(self, rows: list[Row]) -> list[Row]:
        """Complete events that follow each other with the traces they were reported in."""
        if not rows:
            return rows
        found = self._ask(
            "SELECT position, traceparent FROM traces WHERE position BETWEEN ? AND ?",
            (rows[0].position, rows[-1].position),
        )
        traces: dict[int, str] = dict(found)
        if not traces:
            return rows
        return [row._replace(traceparent=traces.get(row.position)) for row in rows]

    def of_company(self, company_id: str, after: int = 0, limit: int = 500) -> list[Row]:
        """List a company's events in recorded order from just after sequence *after*."""
        return self._rows(
            "company_id = ? AND company_seq > ? ORDER BY company_seq LIMIT ?",
            company_id, after, limit,
        )  # fmt: skip

    def of_stream(self, stream_id: str, upto: int | None = None, since: int = 0) -> list[Row]:
        """List a stream's events after version *since*, to position *upto* if given."""
        return self._rows(
            f"originator_id = ? AND originator_version > ? AND {self._position} <= ? "
            "ORDER BY originator_version",
            stream_id, since, 2**62 if upto is None else upto,
        )  # fmt: skip

    def of_streams(self, stream_ids: Sequence[str]) -> dict[str, list[Row]]:
        """List the events of several streams at once; those without any are left out."""
        rows = self._rows(
            f"originator_id IN ({_marks(stream_ids)}) ORDER BY originator_id, originator_version",
            *stream_ids,
        )
        return {stream: list(found) for stream, found in groupby(rows, attrgetter("stream_id"))}

    def holding(self, said: str, first: str, last: str, before: int) -> list[Row]:
        """List events before a position that hold *said*, of streams from *first* to *last*."""
        sqlite = self.url.startswith("sqlite:")
        holds = "instr(state, ?) > 0" if sqlite else "position(CAST(? AS bytea) IN state) > 0"
        return self._rows(  # the plus keeps SQLite from walking along the positions
            f"originator_id >= ? AND originator_id < ? AND +{self._position} < ? AND {holds}",
            first, last, before, said.encode(),
        )  # fmt: skip

    def versions(self, stream_ids: Sequence[str]) -> dict[str, int]:
        """Say at which version streams are, 0 for those without any event."""
        values = ",".join(["(?)"] * len(stream_ids))
        last = "SELECT max(originator_version) FROM stored_events WHERE originator_id = stream"
        rows = self._ask(
            f"WITH asked (stream) AS (VALUES {values}) SELECT stream, ({last}) FROM asked",
            stream_ids,
        )
        return {stream: version or 0 for stream, version in rows}

    def places(self, stream_ids: Sequence[str], upto: int | None = None) -> list[Place]:
        """List where the events of streams stand, in the order they happened."""
        return self._places(f"originator_id IN ({_marks(stream_ids)})", stream_ids, upto)

    def places_of(self, stream_id: str, ids: Iterable[str], upto: int | None = None) -> list[Place]:
        """List where some events of a stream, by their ids, stand, in the order they happened."""
        wanted = [event_id.encode() for event_id in ids]
        condition = f"originator_id = ? AND substr(state, 14, 36) IN ({_marks(wanted)})"
        return self._places(condition, [stream_id, *wanted], upto)

    def places_of_company(self, company_id: str, upto: int | None = None) -> list[Place]:
        """List where a company's events stand, in the order they happened."""
        return self._places("company_id = ?", [company_id], upto)

    def at_all(self, positions: Sequence[int]) -> list[Row]:
        """List the events at *positions*, in that order; at most a few hundred."""
        found = self.found(positions)
        return [found[position] for position in positions]

    def found(self, positions: Sequence[int]) -> dict[int, Row]:
        """Find the events at *positions*, where there are any; at most a few hundred."""
        if self.url.startswith("sqlite:"):
            rows = self._rows(f"rowid IN ({_marks(positions)})", *positions)
        else:  # one parameter makes one plan: a third faster
            rows = self._rows("notification_id = ANY(?)", [*positions])
        return {row.position: row for row in rows}

    def all_of_company(self, company_id: str, upto: int | None = None) -> Iterator[Row]:
        """Yield a company's events in recorded order, to position *upto* if given."""
        after = 0
        while rows := self.of_company(company_id, after, 1_000):
            for row in rows:
                if upto is not None and row.position > upto:
                    return
                yield row
            after = rows[-1].company_seq or 0

    def stream_exists(self, stream_id: str) -> bool:
        """Say whether anything was ever recorded in a stream."""
        return bool(
            self._ask(
                "SELECT 1 FROM stored_events WHERE originator_id = ? AND originator_version = 1",
                (stream_id,),
            )
        )

    def company_of(self, stream_id: str) -> str | None:
        """Say which company a stream belongs to; ``None`` if to none, or nothing is in it."""
        rows = self._ask(
            "SELECT company_id FROM stored_events "
            "WHERE originator_id = ? AND originator_version = 1",
            (stream_id,),
        )
        return rows[0][0] if rows else None

    def at(self, position: int) -> Row | None:
        """Find the event at *position*."""
        rows = self._rows(f"{self._position} = ?", position)
        return rows[0] if rows else None

    def position_at(self, committed_at: int) -> int:
        """Say the largest position committed by *committed_at*, microseconds since 1970."""
        low, high = 0, self.head()
        while low < high:  # committed_at never falls along the positions
            middle = (low + high + 1) // 2
            rows = self._rows(
                f"{self._position} <= ? ORDER BY {self._position} DESC LIMIT 1", middle
            )
            if not rows or rows[0].committed_at <= committed_at:
                low = middle
            else:
                high = middle - 1
        return low

    def reports(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], KnownReport]:
        """Find which of the reports *keys* (system, external id) were recorded before."""
        by_system: dict[str, list[str]] = {}
        for system, external_id in keys:
            by_system.setdefault(system, []).append(external_id)
        known = {}
        for system, ids in by_system.items():
            for external_id, digest, *rest in self._ask(
                "SELECT external_id, digest, stream_id, stream_version, position, last_position "
                f"FROM reports WHERE system = ? AND external_id IN ({_marks(ids)})",
                (system, *ids),
            ):
                known[system, external_id] = KnownReport(bytes(digest), *rest)
        return known

    def handles(self, digests: Sequence[bytes]) -> dict[bytes, str]:
        """Find what addresses and external ids lead to, by their HMAC."""
        rows = self._ask(
            f"SELECT digest, target FROM handles WHERE digest IN ({_marks(digests)})", digests
        )
        return {bytes(digest): target for digest, target in rows}

    def company_exists(self, company_id: str) -> bool:
        """Say whether anything was ever recorded of *company_id*."""
        return bool(self._ask("SELECT 1 FROM company_heads WHERE company_id = ?", (company_id,)))

    def company_head(self, company_id: str) -> int:
        """Say a company's last sequence, 0 if there is none."""
        rows = self._ask(
            "SELECT company_seq FROM company_heads WHERE company_id = ?", (company_id,)
        )
        return int(rows[0][0]) if rows else 0

    def of_public(self, company_id: str, public_seq: int) -> Row | None:
        """Find a company's event by its number among those that the company may see."""
        rows = self._rows(  # no event comes earlier among all than among the public ones
            "company_id = ? AND company_seq >= ? AND public_seq = ? ORDER BY company_seq LIMIT 1",
            company_id, public_seq, public_seq,
        )  # fmt: skip
        return rows[0] if rows else None

    def _ask(self, sql: str, parameters: Sequence[Any] = ()) -> list[Found]:
        """Read; over a new connection if the last one was lost meanwhile.

        Raises:
            OperationalError: If the store cannot be reached.
        """
        try:
            try:
                return self.database.execute(sql, parameters)
            except failures():
                if not self.database.is_lost:
                    raise
                self.close()
                return self.database.execute(sql, parameters)
        except failures() as error:
            raise OperationalError(str(error)) from error

    def _places(self, condition: str, asked: Sequence[object], upto: int | None) -> list[Place]:
        found = self._ask(
            f"SELECT {MOMENT[self.database.dialect]}, {self._position}, originator_id, "
            f"company_id, public_seq FROM stored_events "
            f"WHERE {condition} AND {self._position} <= ?",
            [*asked, 2**62 if upto is None else upto],
        )
        return sorted(map(Place._make, found))

    def _rows(self, condition: str, *parameters: int | str | bytes | list[int]) -> list[Row]:
        sql = f"SELECT {self._position}, {COLUMNS} FROM stored_events WHERE {condition}"
        return [Row(*row) for row in self._ask(sql, parameters)]


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
