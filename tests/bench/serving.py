"""P12: a page of a timeline over HTTP, access checks and read audit on."""

import re
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Final

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
        body.write_bytes(_Client(ours).get())
        with bare(body) as theirs:
            for clients, reach in ((CLIENTS, at_least(0.6)), (1, None)):
                works = [_asking(server, clients, count) for server in (ours, theirs)]
                name = f"page of 50 over HTTP, {clients} at once, by a bare route"
                took = interleaved(works, rounds=bench.rounds, by=rate)
                yield beside("P12", name, *took, reach=reach, unit="pages/s", hint=HINT)


def _asking(server: Server, clients: int, count: int) -> Prepare:
    def prepare() -> Work:
        open_ones = [_Client(server) for _ in range(clients)]
        for client in open_ones:
            client.get()
        return lambda: _together(open_ones, count // clients)

    return prepare


class _Client:
    """One connection that stays open; it reads an answer and looks at its length alone."""

    def __init__(self, server: Server) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = f"Authorization: Bearer {server.key}\r\n" if server.key else ""
        self._asked = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n{key}\r\n".encode()

    def get(self) -> bytes:
        """Ask, and return the body."""
        self._socket.sendall(self._asked)
        got = bytearray()
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._socket.recv(65_536)
        assert got.startswith(b"HTTP/1.1 200"), bytes(got)
        found = re.search(rb"content-length: (\d+)", got[:end], re.IGNORECASE)
        assert found
        whole = end + 4 + int(found[1])
        while len(got) < whole:
            got += self._socket.recv(65_536)
        return bytes(got[end + 4 :])


def _together(clients: Sequence[_Client], each: int) -> int:
    def ask(client: _Client) -> None:
        for _ in range(each):
            client.get()

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * len(clients)
