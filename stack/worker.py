"""A gunicorn worker whose threads wait for the next request of a connection before they give it back.

Handing a connection back to the polling thread, and from there to a serving thread, costs more than many replies do.
"""

import os
import select
import socket
from threading import BoundedSemaphore
from types import FrameType

from gunicorn.workers.gthread import TConn, ThreadWorker

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
        self._places = BoundedSemaphore(max(min(PLACES, self.cfg.threads // 2), 1))
        self._end = os.eventfd(0)
        super().init_process()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Wakes who lingers as well: what ends waits for nobody."""
        os.eventfd_write(self._end, 1)
        super().handle_exit(sig, frame)

    def handle(self, conn: TConn) -> bool:
        kept = super().handle(conn)
        while kept is True and self.alive and self._continues(conn.sock):
            kept = super().handle(conn)
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
