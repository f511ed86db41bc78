"""The budget of a request: how long work for it may still take, and whether its caller still waits for the reply.

It belongs to the thread that answers the request. Every wait (for the database, another service, a turn) ends with it.
The gateway and the services pass it on in a header, as the milliseconds that are left, so clocks need not agree. A
program never takes more time than its own limit, whatever the header says.
"""

import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

from shared.http.errors import ServiceUnavailable

HEADER = "X-Patchbay-Deadline"
# Seconds between two checks whether the caller is still there.
LOOK_UP_SECONDS = 1.0

_thread = threading.local()


class Budget:
    """Ends after `seconds`, or when `caller`, the connection that the request came over, is closed at its other end."""

    def __init__(self, seconds: float, caller: socket | None = None):
        self.deadline, self.caller = time.monotonic() + seconds, caller

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return max(self.deadline - time.monotonic(), 0.0)

    @property
    def over(self) -> bool:
        return not self.left or self._caller_gone()

    def _caller_gone(self) -> bool:
        """Whether the caller has closed the connection; one that only closed its sending side cannot be told apart."""
        if self.caller is None:
            return False
        watched = select.poll()
        try:
            watched.register(self.caller, select.POLLRDHUP)
        except ValueError:  # closed at this end
            return True
        return bool(watched.poll(0))


@contextmanager
def limited(seconds: float, caller: socket | None = None) -> Iterator[Budget]:
    """Within, this thread has a budget of `seconds`, or what is left of the one it has already."""
    outer = current()
    made = Budget(min(seconds, outer.left) if outer else seconds, caller or (outer.caller if outer else None))
    _thread.budget = made
    try:
        yield made
    finally:
        _thread.budget = outer


def current() -> Budget | None:
    """The budget of this thread; None for one that answers no request."""
    return getattr(_thread, "budget", None)


def left(most: float) -> float:
    """The seconds that a wait may take: at most `most`, and no more than the budget has left."""
    budget = current()
    return min(most, budget.left) if budget else most


def is_over() -> bool:
    budget = current()
    return bool(budget and budget.over)


def said(header: str | None, most: float) -> float:
    """The seconds that a `header` grants, at most `most`; `most` if the header is missing or makes no sense."""
    text = header or ""
    return min(int(text) / 1000, most) if text.isascii() and text.isdigit() and len(text) < 10 else most


def as_header(seconds: float) -> dict[str, str]:
    return {HEADER: str(int(seconds * 1000))}


class Turns:
    """Lets at most `places` threads of this process do expensive work at once; others wait while their callers do."""

    def __init__(self, places: int):
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises ServiceUnavailable when the budget ends before there is a place."""
        waited = False
        while not self._places.acquire(timeout=left(LOOK_UP_SECONDS) if waited else 0):
            if waited and is_over():
                raise ServiceUnavailable("The service is busy.")
            waited = True
        try:
            if waited and is_over():
                raise ServiceUnavailable("The service is busy.")
            yield
        finally:
            self._places.release()
