"""The limit on concurrent clients: they never take all threads of a worker.

A client waits here for a service, which may have to ask another service, or the accounts, through here again. If
clients held every thread, they would all wait for calls that nobody is left to answer.
"""

from collections.abc import Callable
from threading import BoundedSemaphore

from gateway.errors import GatewayError

RESERVED_THREADS = 32


class ConcurrencyLimit:
    """At most `clients` requests of clients at once; calls between services always come in."""

    def __init__(self, clients: int) -> None:
        self._places = BoundedSemaphore(clients)

    def acquire(self, path: str) -> Callable[[], None]:
        """What gives the place back, to be called once. Raises GatewayError (503) when there is none."""
        if path.startswith("/internal/"):
            return lambda: None
        if self._places.acquire(blocking=False):
            return self._places.release
        raise GatewayError(503, "The gateway is busy.", (("Retry-After", "1"),))
