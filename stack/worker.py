"""A gunicorn worker whose threads wait a moment for the next request of a connection before they give it back.

Handing a connection to the thread that polls, and from there to a thread that serves, costs more than many a reply.
Whoever asks again at once, as the gateway and most scripts do, is spared it.
"""

import select
import socket

from gunicorn.workers.gthread import TConn, ThreadWorker

LINGER_MILLISECONDS = 20


class LingeringWorker(ThreadWorker):
    """gunicorn's gthread worker, lingering."""

    def handle(self, conn: TConn) -> bool:
        kept = super().handle(conn)
        while kept is True and self.alive and _readable(conn.sock):
            kept = super().handle(conn)
        return kept


def _readable(connection: socket.socket) -> bool:
    """Whether something comes on `connection`, be it its end, before we have waited long enough."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(LINGER_MILLISECONDS))
