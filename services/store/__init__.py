"""The event store: the truth, in SQLite or PostgreSQL, by URL."""

from services.store.log import Log, Place, Row
from services.store.placement import Conflict, Placement, ReportRow

__all__ = ["Conflict", "Log", "Place", "Placement", "ReportRow", "Row"]
