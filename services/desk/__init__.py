"""The desk: the one door for what happened.  Load, decide, save."""

from services.desk.desk import BATCH, Desk
from services.receipts import Unavailable

__all__ = ["BATCH", "Desk", "Unavailable"]
