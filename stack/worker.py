"""A gunicorn worker whose threads wait for the next request of a connection before they give it back.

Handing a connection back to the polling thread, and from there to a serving thread, costs more than many replies do.
"""

import os
import select
import socket
from threading import BoundedSemaphore
from types import FrameType
from typing import Any

from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from stack import gunicorn_refusals, gunicorn_request, gunicorn_response

# Any thread waits so long: clients that send the next request at once, as the gateway and most scripts do, avoid the
# cost.
LINGER_MILLISECONDS = 20
# So many threads, which are there besides those for requests, wait longer: for people, and scripts that think between
# two requests.
PLACES = 16
LONG_LINGER_MILLISECONDS = 5000


class LingeringWorker(ThreadWorker):
    """gunicorn's gthread worker, lingering."""

    def init_process(self) -> None:
        gunicorn_response.install()
        self._places = BoundedSemaphore(max(min(PLACES, self.cfg.threads // 2), 1))
        self._end = os.eventfd(0)
        super().init_process()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Wakes who lingers as well: what ends waits for nobody."""
        os.eventfd_write(self._end, 1)
        super().handle_exit(sig, frame)

    def handle(self, conn: TConn) -> bool:
        if conn.parser is None and not self.cfg.is_ssl:
            conn.parser = gunicorn_request.Parser(self.cfg, conn.sock, conn.client)
        kept = super().handle(conn)
        while kept is True and self.alive and (_has_next(conn) or self._continues(conn.sock)):
            kept = super().handle(conn)
        return kept

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        if isinstance(exc, ParseException) and req is None:
            gunicorn_refusals.refuse(client, addr and addr[0], exc)
        else:
            super().handle_error(req, client, addr, exc)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """gunicorn reads what is left of a body, within a limit of time that it has to set and to take back. That is
        only done where something is left: each system call lets another thread run in between.
        """
        if keepalive and getattr(conn.parser.mesg.body.reader, "length", None) == 0:
            conn.parser.mesg = None
            return True
        kept: bool = super()._keepalive_after(conn, keepalive)  # type: ignore[misc]  # newer than its types
        return kept

    def _continues(self, connection: socket.socket) -> bool:
        """Whether `connection` becomes readable, by data or by its end, while this thread may wait for it."""
        waiting = select.poll()
        waiting.register(connection, select.POLLIN)
        if waiting.poll(LINGER_MILLISECONDS):
            return True
        if not self._places.acquire(blocking=False):
            return False
        try:
            waiting.register(self._end, select.POLLIN)
            return connection.fileno() in dict(waiting.poll(LONG_LINGER_MILLISECONDS))
        finally:
            self._places.release()


def _has_next(conn: Any) -> bool:
    """Whether a client that does not wait for replies has sent its next request with the one before."""
    return bool(conn.parser.unreader.buf.getvalue())
