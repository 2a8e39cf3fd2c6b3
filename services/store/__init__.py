"""The event store: the truth, in SQLite or PostgreSQL, by URL."""

from services.store.log import Log, Place, Row
from services.store.placement import Conflict, KnownReport, Placement, ReportRow

__all__ = ["Conflict", "KnownReport", "Log", "Place", "Placement", "ReportRow", "Row"]
