"""A connection to a server, on which each step has its time.

What can be done at once is: a socket with a time limit of Python's asks before each step whether it may, and limits are
set by a system call. In between, other threads take over.
"""

import select
import socket
import ssl
import time

PIECE_BYTES = 1 << 16

_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Connection:
    """Over `connected`, a socket, which may be one of TLS. One thread at a time uses it."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes, seconds: float) -> None:
        """Send all of `data` within `seconds`. Raises TimeoutError, OSError."""
        rest, deadline = memoryview(data), time.monotonic() + seconds
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except _NOT_YET as reason:
                self._wait(_wanted(reason, select.POLLOUT), deadline - time.monotonic())

    def receive(self, seconds: float) -> bytes:
        """The next piece, which has to come within `seconds`; empty at the end. Raises TimeoutError, OSError."""
        deadline = time.monotonic() + seconds
        if not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            self._wait(select.POLLIN, seconds)
        while True:
            try:
                return self._socket.recv(PIECE_BYTES)
            except _NOT_YET as reason:
                self._wait(_wanted(reason, select.POLLIN), deadline - time.monotonic())

    def _wait(self, what: int, seconds: float) -> None:
        waiting = select.poll()
        waiting.register(self._socket, what)
        if not waiting.poll(max(seconds, 0) * 1000):
            raise TimeoutError


def _wanted(reason: OSError, usual: int) -> int:
    """What to wait for; TLS may have to read in order to write, and the other way round."""
    if isinstance(reason, ssl.SSLWantReadError):
        return select.POLLIN
    return select.POLLOUT if isinstance(reason, ssl.SSLWantWriteError) else usual
