"""The reply to a request of `shared/http/client.py`, parsed by httptools, and the errors that can happen to it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from shared.http import budget
from shared.http.connection import Connection

MOST_HEADER_LINES = 100
MOST_HEADER_BYTES = 1 << 16
_SOON = 0.05  # what has come while others were waited for can still be read


class Failed(Exception):
    """No whole reply: what the server did, if anything, is not known."""


class Unreachable(Failed):
    """No connection could be made, so nothing was sent."""


class TimedOut(Failed):
    """The server did not take the connection or the request, or did not go on answering, in time."""


class Broken(Failed):
    """The connection ended early, or what came over it is no reply."""


class ClientResponse:
    """A reply: once it has `begun`, its `status`, its `headers` in order, and its body in `pieces`.

    `endless` means that only closing the connection would mark the end of the body. `give_back` takes a connection that
    is free again.
    """

    def __init__(
        self, give_back: Callable[[Connection], None], connection: Connection, method: str, seconds: float
    ) -> None:
        self._give_back, self._connection, self._method = give_back, connection, method
        self._seconds, self._deadline = seconds, time.monotonic() + seconds
        self._received = _Received()
        self._parser = HttpResponseParser(self._received)
        self._finished = False

    def begun(self) -> "ClientResponse":
        """This, as soon as its head is there. Raises TimedOut, Broken."""
        with closed_on_failure(self._connection):
            arrived = 0
            while not self._received.begun:
                if arrived > MOST_HEADER_BYTES:
                    raise Broken("too long a head")
                arrived += self._receive_in_time()
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
        with closed_on_failure(self._connection):
            while not self._bodiless:
                yield from self._received.taken()
                if self._received.ended:
                    break
                self._receive(self._seconds)
        self._finish()

    def read(self) -> bytes:
        """The whole body. Raises TimedOut, Broken."""
        return b"".join(self.pieces())

    def close(self) -> None:
        """Give up the rest of the reply, and the connection with it."""
        if not self._finished:
            self._connection.close()

    def _receive_in_time(self) -> int:
        """As `_receive`, until the deadline, or until whoever waits here for the reply is gone."""
        while True:
            left = max(self._deadline - time.monotonic(), _SOON)
            try:
                return self._receive(min(left, budget.LOOK_UP_SECONDS))
            except TimeoutError:
                if left <= budget.LOOK_UP_SECONDS or budget.is_over():
                    raise

    def _receive(self, seconds: float) -> int:
        """Wait for the next piece and have it understood; how long it was."""
        piece = self._connection.receive(seconds)
        if not piece:
            raise Broken("the connection ended before the reply did")
        self._parser.feed_data(piece)
        return len(piece)

    def _finish(self) -> None:
        self._finished = True
        if self._kept:
            self._give_back(self._connection)
        else:
            self._connection.close()


class _Received:
    """What httptools has understood of one reply so far."""

    def __init__(self) -> None:
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
        """A line of the head; those of a trailer come too late to say anything of the reply, and are dropped."""
        if self.begun:
            return
        if len(self.headers) == MOST_HEADER_LINES:
            raise Broken("too many header lines")
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.begun = True

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        self.ended = True


@contextmanager
def closed_on_failure(connection: Connection) -> Iterator[None]:
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
