"""Sending: one request to a receiver, within its time, to an address that is allowed, and nowhere it points to."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from weakref import WeakSet

import urllib3
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, InsecureRequestWarning, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as RequestTimeout
from urllib3.response import BaseHTTPResponse

from services.extras.webhooks import addresses

# Whoever set `ssl_verification` to false knows.
urllib3.disable_warnings(InsecureRequestWarning)

# A reply is its status; of its body no more than this is read, and none is kept.
MOST_REPLY_BYTES = 4096
# Of these somebody in front of the receiver tells, or it asks to be left alone.
AWAY = frozenset({429, 502, 503, 504})
MOST_AT_ONCE = 8


@dataclass(frozen=True)
class Outcome:
    """What became of a request: the `status` of the reply, or the `error` if there was none.

    `away` says that the receiver answers nobody; else it may be that it refused this very request.
    """

    status: int | None = None
    error: str = ""
    away: bool = False

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


TIMED_OUT = Outcome(error="no reply in time", away=True)
REFUSED = "the receiver refused it"
_FAILURES = (HTTPError, HTTPException, OSError, ValueError)


class Sender:
    """Sends to one receiver, from several threads; connections are kept until it is closed."""

    def __init__(self, verify: bool) -> None:
        self._open: WeakSet[HTTPConnection] = WeakSet()
        self._lock = threading.Lock()
        self._manager = PoolManager(
            num_pools=2, maxsize=MOST_AT_ONCE, cert_reqs=ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        )
        self._manager.pool_classes_by_scheme = {
            "http": _pool(HTTPConnectionPool, HTTPConnection, self._opened),
            "https": _pool(HTTPSConnectionPool, HTTPSConnection, self._opened),
        }

    def send(self, url: str, headers: dict[str, str], body: bytes, until: float) -> Outcome:
        """What becomes of a POST that has to be over by `until`, by the monotonic clock."""
        left = until - time.monotonic()
        if left <= 0:
            return TIMED_OUT
        try:
            reply = self._manager.request(
                "POST",
                url,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(total=left),
            )
        except _FAILURES as error:
            return Outcome(error=_told(error), away=True)
        with suppress(*_FAILURES):
            _finish(reply)
        return Outcome(reply.status, "" if 200 <= reply.status < 300 else REFUSED, reply.status in AWAY)

    def abort(self) -> None:
        """End every request that is under way, however its receiver keeps it alive."""
        with self._lock:
            opened, self._open = list(self._open), WeakSet()
        for connection in opened:
            if isinstance(connection.sock, socket.socket):
                with suppress(OSError):  # it may be closed already
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.abort()
        self._manager.clear()

    def _opened(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._open.add(connection)


def _pool(pool: Any, connection: Any, opened: Callable[[HTTPConnection], None]) -> Any:
    """The class of a pool whose connections look where they go."""

    class Looking(connection):
        def _new_conn(self) -> socket.socket:
            """Resolve the name, and connect to an address that may be; the name stays that of the certificate."""
            until = time.monotonic() + (self.timeout or 0)
            try:
                return _connected(self.host, self.port, until)
            except (OSError, UnicodeError) as error:
                raise NewConnectionError(self, "not connected") from error

        def connect(self) -> None:
            until = time.monotonic() + (self.timeout or 0)
            super().connect()
            opened(self)
            if time.monotonic() >= until:
                self.close()
                raise NewConnectionError(self, "too late") from TimeoutError()

    return type(pool.__name__, (pool,), {"ConnectionCls": Looking})


def _connected(host: str, port: int, until: float) -> socket.socket:
    """A connection to the first address that takes one. Raises OSError."""
    failed: OSError = TimeoutError()
    for family, address in addresses.resolve(host.strip("[]"), port):
        left = until - time.monotonic()
        if left <= 0:
            break
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(left)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.connect(address)
        except OSError as error:
            connection.close()
            failed = error
        else:
            return connection
    raise failed


def _finish(reply: BaseHTTPResponse) -> None:
    """Read a short reply to its end, so that its connection can be used again; close that of a long one."""
    if len(reply.read(MOST_REPLY_BYTES)) < MOST_REPLY_BYTES:
        reply.release_conn()
    else:
        reply.close()


def _told(error: BaseException) -> str:
    """An error in words of ours: those of libraries may have in them what was sent."""
    if isinstance(error, NewConnectionError):
        cause = error.__cause__
        if isinstance(cause, addresses.NotAllowed):
            return "webhooks may not go to its address (WEBHOOKS_ALLOWED)"
        if isinstance(cause, socket.gaierror | UnicodeError):
            return "nobody knows its name"
        return TIMED_OUT.error if isinstance(cause, TimeoutError) else "it takes no connection"
    if isinstance(error, SSLError):
        return "its certificate is not trusted, or it speaks no TLS"
    if isinstance(error, RequestTimeout | TimeoutError):
        return TIMED_OUT.error
    return "it broke off, or speaks no HTTP"
