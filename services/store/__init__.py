"""The event store: the truth, in SQLite or PostgreSQL, by URL."""

from services.store.log import Log, Row
from services.store.placement import Conflict, Placement, ReportRow

__all__ = ["Conflict", "Log", "Placement", "ReportRow", "Row"]
