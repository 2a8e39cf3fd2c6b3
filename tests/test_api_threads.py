"""Many at once over HTTP: everybody reads what they wrote, and connections stay few."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.api.app import THREADS
from tests.served import ACME, STRUCTURED, Served, served

__all__ = ["served"]

WORKERS = 24
EACH = 5


def write_and_read(served: Served, worker: int) -> list[bool]:
    """Publish a few tickets, and say of each whether it is read at once."""
    found = []
    for number in range(EACH):
        ticket = f"W-{worker}-{number}"
        event = {
            **served.event("ticket.opened", f"ticket/{ticket}", company=ACME, subject="x"),
            "id": ticket,
        }
        receipt = served.client.post(
            "/v1/events", content=json.dumps(event),
            headers={**STRUCTURED, **served.bearer("publisher")},
        ).json()  # fmt: skip
        page = served.read(
            f"/v1/companies/{ACME}/timeline", ticket=ticket, wait_for=receipt["last_position"]
        )
        found.append([entry["ticket_id"] for entry in page["entries"]] == [ticket])
    return found


def test_everybody_reads_what_they_wrote(served: Served) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        found = [*pool.map(lambda worker: write_and_read(served, worker), range(WORKERS))]

    assert found == [[True] * EACH] * WORKERS
    assert len(served.reads()) == WORKERS * EACH


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
def test_each_thread_keeps_one_connection_and_no_more(served: Served) -> None:
    def opened() -> int:
        links = [link.resolve() for link in Path("/proc/self/fd").iterdir()]
        return links.count(served.home / "read-models.db")

    for _ in range(2):
        with ThreadPoolExecutor(WORKERS) as pool:
            pages = pool.map(
                lambda _: served.read(f"/v1/companies/{ACME}/timeline"), range(10 * WORKERS)
            )
            assert all(page["entries"] for page in pages)

        assert opened() <= THREADS + 2  # the test's own, and that of the projector
