"""Servers in processes of their own: `longcase run`, and a bare application beside it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

LONGCASE: Final = [
    sys.executable, "-c", "import sys; from services.cli import main; sys.exit(main())",
]  # fmt: skip
"""What the installed script does."""

BARE: Final = """
import sys
from pathlib import Path
import uvicorn
from fastapi import FastAPI, Response
body = Path(sys.argv[1]).read_bytes()
app = FastAPI()

@app.get("/v1/companies/{company_id}/timeline")
async def timeline(company_id: str) -> Response:
    return Response(body, media_type="application/json")

uvicorn.Server(uvicorn.Config(app, port=0, access_log=False, log_level="info")).run()
"""
"""A route that knows its answer."""


class Server(NamedTuple):
    """A server that answers.

    Attributes:
        key: With which it may be asked; empty for the bare one.
    """

    pid: int
    port: int
    key: str = ""


@contextmanager
def longcase(home: Path, **urls: str) -> Iterator[Server]:
    """Run everything in *home* until it answers; end it afterwards.

    Args:
        urls: Databases elsewhere: ``store``, ``read_models``.
    """
    command = [*LONGCASE, "run", "--port", "0", "--no-progress"]
    elsewhere = {f"LONGCASE_{name.upper()}": url for name, url in urls.items()}
    env = {**os.environ, "LONGCASE_HOME": str(home), **elsewhere}
    with _started(command, env, r":(\d+)/signin\?key=(\S+)") as (pid, found):
        yield Server(pid, int(found[1]), found[2])


@contextmanager
def bare(body: Path) -> Iterator[Server]:
    """Serve the bytes of a file by a bare route of the same framework."""
    command = [sys.executable, "-c", BARE, str(body)]
    with _started(command, dict(os.environ), r"running on http://[^:]+:(\d+)") as (pid, found):
        yield Server(pid, int(found[1]))


@contextmanager
def _started(
    command: list[str], env: dict[str, str], ready: str
) -> Iterator[tuple[int, re.Match[str]]]:
    """Start a process and wait for the line that says where it listens."""
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        said = ""
        try:
            for line in process.stdout:
                said += line
                if found := re.search(ready, line):
                    yield process.pid, found
                    return
            raise RuntimeError(f"{command[-2:]} ended: {said[-500:]}")
        finally:
            process.terminate()
            process.wait(20)
