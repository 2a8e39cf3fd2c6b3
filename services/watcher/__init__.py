"""Watchers: what follows from what was seen across events, recorded as events of its own."""

from services.watcher.watch import Watch
from services.watcher.watching import NAME, WATCHERS, serve_watcher, watch_beside

__all__ = ["NAME", "WATCHERS", "Watch", "serve_watcher", "watch_beside"]
