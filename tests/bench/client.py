"""A client that costs nearly nothing: it asks and looks at an answer's length alone."""

import re
import socket
from typing import Final

from tests.bench.servers import Server

LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Client:
    """One connection that stays open."""

    def __init__(self, server: Server, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = f"Authorization: Bearer {server.key}\r\n" if server.key else ""
        self._asked = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{key}\r\n".encode()

    def get(self) -> bytes:
        """Ask, and return the body."""
        self._socket.sendall(self._asked)
        got = bytearray()
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._socket.recv(65_536)
        assert got.startswith(b"HTTP/1.1 200"), bytes(got[:end])
        found = LENGTH.search(got, 0, end)
        assert found
        whole = end + 4 + int(found[1])
        while len(got) < whole:
            got += self._socket.recv(65_536)
        return bytes(got[end + 4 :])
