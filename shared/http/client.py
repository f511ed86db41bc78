"""HTTP between the gateway and the services: connections that are kept, and replies that are read as they come.

A client for every server on the internet spends more CPU on a small exchange than a service does on its answer
(docs/adr/0002-gateway-hot-path.md); this one speaks to servers of ours.
"""

import socket
import ssl
import time
from typing import IO
from urllib.parse import urlsplit

from shared.http.client_response import ClientResponse, TimedOut, Unreachable, closed_on_failure
from shared.http.connection import PIECE_BYTES, Connection
from shared.http.idle_connections import was_closed

# Less than a server of ours waits for the next request (stack/gunicorn_service.py).
UNUSED_SECONDS = 60


class Client:
    """Asks the server at `url`, from many threads at once; at most `idle` unused connections are kept."""

    def __init__(self, url: str, connect_seconds: float, idle: int) -> None:
        address = urlsplit(url)
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        self._host, self._port = address.hostname, address.port or (443 if self._tls else 80)
        self._host_line = address.netloc.rpartition("@")[2]
        self._connect_seconds = connect_seconds
        self._most_idle = idle
        self._idle: list[tuple[Connection, float]] = []

    def ask(
        self, method: str, target: str, headers: dict[str, str], body: "bytes | IO[bytes]" = b"", seconds: float = 30
    ) -> ClientResponse:
        """The reply, of which the body may still be on its way; each step may take `seconds`.

        `headers` say the length of the body. Raises Unreachable, TimedOut, Broken.
        """
        return self.send(method, target, headers, body, seconds).begun()

    def send(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: "bytes | IO[bytes]" = b"",
        seconds: float = 30,
        fresh: bool = False,
    ) -> ClientResponse:
        """Ask without waiting: the reply to come. Raises Unreachable, TimedOut, Broken.

        On a `fresh` connection, it is whoever takes new ones that answers.
        """
        head = self._head(method, target, headers)
        connection = (None if fresh else self._unused()) or self._connected()
        with closed_on_failure(connection):
            _send(connection, head, body, seconds)
        return ClientResponse(self._give_back, connection, method, seconds)

    def close(self) -> None:
        """Close the unused connections."""
        while self._idle:
            self._idle.pop()[0].close()

    def _give_back(self, connection: Connection) -> None:
        """Keep a connection that nothing is under way on."""
        if len(self._idle) < self._most_idle:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()

    def _unused(self) -> Connection | None:
        """The connection used last, for which the server is most likely to wait still."""
        while self._idle:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since < UNUSED_SECONDS and not was_closed(connection):
                return connection
            connection.close()
        return None

    def _connected(self) -> Connection:
        try:
            made = socket.create_connection((self._host, self._port), self._connect_seconds)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return Connection(self._tls.wrap_socket(made, server_hostname=self._host) if self._tls else made)
        except TimeoutError as error:
            raise TimedOut("no connection in time") from error
        except OSError as error:
            raise Unreachable(f"no connection: {error}") from error  # of TLS: what is wrong with the certificate

    def _head(self, method: str, target: str, headers: dict[str, str]) -> bytes:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host_line}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a line of the request would become two")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _send(connection: Connection, head: bytes, body: "bytes | IO[bytes]", seconds: float) -> None:
    """Send all. A server may answer and close before it has read everything: then its answer counts, not our error."""
    piece = body if isinstance(body, bytes) else body.read(PIECE_BYTES)
    connection.send(head + piece, seconds)
    if isinstance(body, bytes):
        return
    try:
        while piece := body.read(PIECE_BYTES):
            connection.send(piece, seconds)
    except (BrokenPipeError, ConnectionResetError):
        pass
