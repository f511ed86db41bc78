"""HTTP between the gateway and the services: connections that are kept, and replies that are read as they come.

A client for every server on the internet spends more CPU on a small exchange than a service does on its answer
(docs/adr/0002-gateway-hot-path.md); this one speaks to servers of ours, and httptools understands what they say.
"""

import select
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MOST_HEADER_LINES = 100
MOST_HEADER_BYTES = 1 << 16
# Less than a server of ours waits for the next request (stack/gunicorn_service.py).
UNUSED_SECONDS = 60
_PIECE = 1 << 16
_SOON = 0.05  # what has come while others were waited for can still be read


class Failed(Exception):
    """No whole reply: what the server did, if anything, is not known."""


class Unreachable(Failed):
    """There is no connection to be had, so nothing was asked."""


class TimedOut(Failed):
    """The server did not take the connection or the request, or did not go on answering, in time."""


class Broken(Failed):
    """The connection ended early, or what came over it is no reply."""


class Client:
    """Asks the server at `url`, from many threads at once; at most `idle` unused connections are kept."""

    def __init__(self, url: str, connect_seconds: float, idle: int):
        address = urlsplit(url)
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        self._host, self._port = address.hostname, address.port or (443 if self._tls else 80)
        self._host_line = address.netloc.rpartition("@")[2]
        self._connect_seconds = connect_seconds
        self._most_idle = idle
        self._idle: list[tuple[socket.socket, float]] = []

    def ask(
        self, method: str, target: str, headers: dict[str, str], body: "bytes | IO[bytes]" = b"", seconds: float = 30
    ) -> "Answer":
        """The reply, of which the body may still be on its way; each step may take `seconds`.

        `headers` say the length of the body. Raises Unreachable, TimedOut, Broken.
        """
        return self.send(method, target, headers, body, seconds).begun()

    def send(
        self, method: str, target: str, headers: dict[str, str], body: "bytes | IO[bytes]" = b"", seconds: float = 30
    ) -> "Answer":
        """Ask without waiting: the reply to come. Raises Unreachable, TimedOut, Broken."""
        head = self._head(method, target, headers)
        connection = self._unused() or self._connected()
        with _closed_on_failure(connection):
            connection.settimeout(seconds)
            _send(connection, head, body)
        return Answer(self, connection, method, seconds)

    def give_back(self, connection: socket.socket) -> None:
        """Keep a connection that nothing is under way on."""
        if len(self._idle) < self._most_idle:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()

    def close(self) -> None:
        """Close the unused connections."""
        while self._idle:
            self._idle.pop()[0].close()

    def _unused(self) -> socket.socket | None:
        """The connection used last, for which the server is most likely to wait still."""
        while self._idle:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since < UNUSED_SECONDS and not _readable(connection):
                return connection
            connection.close()
        return None

    def _connected(self) -> socket.socket:
        try:
            connection = socket.create_connection((self._host, self._port), self._connect_seconds)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._tls.wrap_socket(connection, server_hostname=self._host) if self._tls else connection
        except TimeoutError as error:
            raise TimedOut("no connection in time") from error
        except OSError as error:
            raise Unreachable("no connection") from error

    def _head(self, method: str, target: str, headers: dict[str, str]) -> bytes:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host_line}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a line of the request would become two")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Answer:
    """A reply: once it has `begun`, its `status`, its `headers` in order, and its body in `pieces`.

    `endless` is one of which only a hang-up would mark the end.
    """

    def __init__(self, client: Client, connection: socket.socket, method: str, seconds: float):
        self._client, self._connection, self._method = client, connection, method
        self._seconds, self._deadline = seconds, time.monotonic() + seconds
        self._received = _Received()
        self._parser = HttpResponseParser(self._received)
        self._finished = False

    def begun(self) -> "Answer":
        """This, as soon as its head is there. Raises TimedOut, Broken."""
        with _closed_on_failure(self._connection):
            self._connection.settimeout(max(self._deadline - time.monotonic(), _SOON))
            arrived = 0
            while not self._received.begun:
                if arrived > MOST_HEADER_BYTES:
                    raise Broken("too long a head")
                arrived += self._receive()
            self._connection.settimeout(self._seconds)
        self._understand()
        return self

    def _understand(self) -> None:
        self.status: int = self._parser.get_status_code()
        self.headers = self._received.headers
        named = {name.lower(): value for name, value in self.headers}
        self.chunked = "chunked" in named.get("transfer-encoding", "").lower()
        self.length = named.get("content-length", "")
        self._kept = "close" not in named.get("connection", "").lower() and self._parser.get_http_version() == "1.1"
        self._bodiless = self._method == "HEAD" or self.status in (204, 304)
        self.endless = not (self._bodiless or self.chunked or self.length)

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes. Raises TimedOut, Broken."""
        with _closed_on_failure(self._connection):
            while not self._bodiless:
                yield from self._received.taken()
                if self._received.ended:
                    break
                self._receive()
        self._finish()

    def read(self) -> bytes:
        """The whole body. Raises TimedOut, Broken."""
        return b"".join(self.pieces())

    def close(self) -> None:
        """Give up the rest of the reply, and the connection with it."""
        if not self._finished:
            self._connection.close()

    def _receive(self) -> int:
        """Wait for the next piece and have it understood; how long it was."""
        piece = self._connection.recv(_PIECE)
        if not piece:
            raise Broken("the connection ended before the reply did")
        self._parser.feed_data(piece)
        return len(piece)

    def _finish(self) -> None:
        self._finished = True
        if self._kept:
            self._client.give_back(self._connection)
        else:
            self._connection.close()


class _Received:
    """What httptools has understood of one reply so far."""

    def __init__(self):
        self.headers: list[tuple[str, str]] = []
        self.begun = self.ended = False
        self._pieces: list[bytes] = []

    def taken(self) -> list[bytes]:
        """The pieces of the body that nobody has taken yet."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def on_message_begin(self) -> None:
        if self.ended:
            raise Broken("more than one reply")

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) == MOST_HEADER_LINES:
            raise Broken("too many header lines")
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.begun = True

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        self.ended = True


def _send(connection: socket.socket, head: bytes, body: "bytes | IO[bytes]") -> None:
    """A server that has heard enough answers before it has read everything, and closes: the answer counts."""
    piece = body if isinstance(body, bytes) else body.read(_PIECE)
    connection.sendall(head + piece)
    if isinstance(body, bytes):
        return
    try:
        while piece := body.read(_PIECE):
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass


def _readable(connection: socket.socket) -> bool:
    """Whether something comes on a connection that nothing was asked on: it can only be its end."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(0))


@contextmanager
def _closed_on_failure(connection: socket.socket) -> Iterator[None]:
    """Close `connection` when something goes wrong on it, and name what. Raises TimedOut, Broken."""
    try:
        yield
    except BaseException as error:
        connection.close()
        if isinstance(error, TimeoutError):
            raise TimedOut("no answer in time") from error
        if isinstance(error, (OSError, HttpParserError, HttpParserUpgrade)):
            raise Broken("no whole reply") from error
        raise
