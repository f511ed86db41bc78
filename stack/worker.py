"""A gunicorn worker whose threads wait a moment for the next request of a connection before they give it back.

Handing a connection back to the polling thread, and from there to a serving thread, costs more than many replies do.
Clients that send the next request at once, as the gateway and most scripts do, avoid that cost.
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
    """Whether `connection` becomes readable, by data or by its end, within LINGER_MILLISECONDS."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(LINGER_MILLISECONDS))
