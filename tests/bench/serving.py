"""P12: a page of a timeline over HTTP, access checks and read audit on."""

import threading
from collections.abc import Iterator, Sequence
from typing import Final

from tests.bench.client import Client
from tests.bench.harness import Figure, Prepare, Work, at_least, beside, interleaved, rate
from tests.bench.places import Bench
from tests.bench.servers import Server, bare, longcase
from tests.bench.starting import with_history

CLIENTS: Final = 8
PATH: Final = "/v1/companies/c-7/timeline?limit=50"
HINT: Final = "every page is on record before it leaves: a durable commit, shared by who waits"


def pages(bench: Bench) -> Iterator[Figure]:
    """P12: pages of 50 a second, beside a bare route that returns the same bytes."""
    home = with_history(bench.places.root / "served", bench.size(20_000, 6_000))
    count = bench.size(800, 160)
    with longcase(home) as ours:
        body = bench.places.root / "page.json"
        body.write_bytes(Client(ours, PATH).get())
        with bare(body) as theirs:
            for clients, reach in ((CLIENTS, at_least(0.6)), (1, None)):
                works = [_asking(server, clients, count) for server in (ours, theirs)]
                name = f"page of 50 over HTTP, {clients} at once, by a bare route"
                took = interleaved(works, rounds=bench.rounds, by=rate)
                yield beside("P12", name, *took, reach=reach, unit="pages/s", hint=HINT)


def _asking(server: Server, clients: int, count: int) -> Prepare:
    def prepare() -> Work:
        open_ones = [Client(server, PATH) for _ in range(clients)]
        for client in open_ones:
            client.get()
        return lambda: _together(open_ones, count // clients)

    return prepare


def _together(clients: Sequence[Client], each: int) -> int:
    def ask(client: Client) -> None:
        for _ in range(each):
            client.get()

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * len(clients)
