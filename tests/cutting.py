"""A line to PostgreSQL that can be cut where it hurts: after the commit, before the reply."""

import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

ONE_ROW = b"SELECT 1\x00"
"""How the server says that a statement with one row is done; by then it is committed."""


class Cutter:
    """Stands between a client and the server at *url*."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        login = parts.netloc.rpartition("@")[0]
        self.url = parts._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()
        self.lost = 0
        self._armed = False
        self._lines: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def lose_the_next_reply(self) -> None:
        """Cut the line when the server has done the next statement, before it can say so."""
        self._armed = True

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        for line in (self._listener, *self._lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._lines += (client, server)
                for run in (self._ask, self._answer):
                    self._threads.append(threading.Thread(target=run, args=(client, server)))
                    self._threads[-1].start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), server:
            while said := client.recv(65_536):
                server.sendall(said)
            server.shutdown(socket.SHUT_RDWR)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client:
            while said := server.recv(65_536):
                if self._armed and ONE_ROW in said:
                    self._armed = False
                    self.lost += 1
                    break
                client.sendall(said)
            client.shutdown(socket.SHUT_RDWR)
