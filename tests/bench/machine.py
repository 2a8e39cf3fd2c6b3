"""What the figures were measured on: facts that change them, and none that name the machine."""

import os
import platform
import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any, Final

WRITES: Final = 200
"""How often a small write is synced, to see what a commit costs here at least."""


def facts(folder: Path, postgres: str | None) -> dict[str, Any]:
    """Describe the machine, as far as it bears on the figures."""
    p50, p99 = _fsync_ms(folder)
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgres_version(postgres) if postgres else None,
        "fdatasync_ms": {"p50": p50, "p99": p99},
    }


def _fsync_ms(folder: Path) -> tuple[float, float]:
    """Append a page and sync it, again and again."""
    took = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(WRITES):
            file.write(bytes(4096))
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - started) * 1000)
    (folder / "fsync").unlink()
    return round(statistics.median(took), 3), round(sorted(took)[int(WRITES * 0.99)], 3)


def _postgres_version(url: str) -> str:
    import psycopg

    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    assert row
    return str(row[0]).split()[0]
