"""Waiting for PostgreSQL, but not for a server that hangs, nor longer than the budget of the request.

Every wait of this process for PostgreSQL goes through `_wait`. A server that hangs still accepts
connections and statements, but never answers, and its own timeouts do not help. So after a short silence a second
connection asks it for a sign of life. A statement that nobody waits for any more is cancelled, but no commit.
"""

import select
import socket
import struct
import time

import psycopg2
from psycopg2 import extensions

from shared.http import budget
from shared.http.idle_connections import was_closed

CONNECT_SECONDS = 3
SIGN_OF_LIFE_AFTER_SECONDS = 1
SIGN_OF_LIFE_SECONDS = 2
LONGEST_SILENCE_SECONDS = 12  # longer than any statement may run
_ESTABLISHED = {extensions.STATUS_READY, extensions.STATUS_BEGIN, extensions.STATUS_PREPARED}
# The first message of a client that wants TLS (SSLRequest). A server answers it with one byte, before any password.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


class DatabaseHung(psycopg2.OperationalError):
    """PostgreSQL does not answer. A second try would take as long again, so it is not made."""


class WatchedConnection(extensions.connection):
    """Knows while it commits. A commit that waits for a synchronous standby must not be cancelled: PostgreSQL would say
    that it is done, though only this server has it and it is lost with it.
    """

    committing = False

    def set_isolation_level(self, level: int | None) -> None:
        """Chooses whether each statement commits by itself. The other level that is asked for is PostgreSQL's own
        (`READ COMMITTED`): psycopg2 would set it and take it back, a trip to the server for each transaction.
        """
        self.autocommit = level == extensions.ISOLATION_LEVEL_AUTOCOMMIT

    @property
    def is_lost(self) -> bool:
        """Whether either end has closed the connection while nothing was asked on it."""
        return bool(self.closed) or was_closed(self)

    def commit(self) -> None:
        self.committing = True
        try:
            super().commit()
        finally:
            self.committing = False


def detect_hangs() -> None:
    """Have every connection of this process raise DatabaseHung when PostgreSQL hangs."""
    extensions.set_wait_callback(_wait)


def _wait(connection: extensions.connection) -> None:
    established = connection.status in _ESTABLISHED
    # Whether nothing is cancelled (any more).
    spared = getattr(connection, "committing", False)
    while (state := connection.poll()) != extensions.POLL_OK:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
        began = time.monotonic()
        while not waiting.poll(1000 * (_step(spared) if established else CONNECT_SECONDS)):
            patient = time.monotonic() - began < LONGEST_SILENCE_SECONDS
            if not (established and patient and _lives(connection.info.host, connection.info.port)):
                raise DatabaseHung("PostgreSQL does not answer")
            if not spared and budget.is_over():
                connection.cancel()
                spared = True


def _step(spared: bool) -> float:
    """The seconds to wait before asking for a sign of life; what was cancelled has no budget, but ends by itself."""
    most = SIGN_OF_LIFE_AFTER_SECONDS
    return most if spared else max(budget.left(most), 0.01)


def _lives(host: str, port: int) -> bool:
    """Whether the server there says anything at all; `host` is the folder of its socket if it begins with `/`."""
    local = host.startswith("/")
    try:
        with socket.socket(socket.AF_UNIX) if local else socket.create_connection((host, port), 1) as asked:
            asked.settimeout(SIGN_OF_LIFE_SECONDS)
            if local:
                asked.connect(f"{host}/.s.PGSQL.{port}")
            asked.sendall(_SSL_REQUEST)
            return bool(asked.recv(1))
    except OSError:
        return False
