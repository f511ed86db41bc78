"""The origin of what a thread is doing: the request it works for, which names it in every log line and call to others.

The trace headers are those of W3C Trace Context: they are passed on as they came, unless this process makes spans.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_REQUEST_ID = re.compile(r"[\w.\-]{8,64}", re.ASCII)
# Version, trace, parent and flags; a version that is yet to come may say more.
_IDS = r"(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_TRACEPARENT = re.compile(rf"00-{_IDS}|(?!00|ff)[0-9a-f]{{2}}-{_IDS}(?:-[!-~]{{1,100}})?")
_LONGEST_STATE = 512


@dataclass(frozen=True, slots=True)
class Origin:
    """One request: its id, and the trace that it is part of; empty where there is none."""

    request_id: str = ""
    traceparent: str = ""
    tracestate: str = ""

    @property
    def trace_id(self) -> str:
        """The 32 hexadecimal digits of the trace."""
        return self.traceparent[3:35]

    def as_headers(self) -> dict[str, str]:
        """What tells a service that is asked on behalf of this request."""
        headers = {
            "X-Request-ID": self.request_id,
            "traceparent": self.traceparent,
            "tracestate": self.tracestate,
        }
        return {name: value for name, value in headers.items() if value}


NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def origin() -> Origin:
    """The origin of what this thread is doing."""
    return _current.get()


@contextmanager
def working_for(request: Origin) -> Iterator[None]:
    """Within, this thread works for `request`."""
    before = _current.set(request)
    try:
        yield
    finally:
        _current.reset(before)


def carried(work: Callable[P, R]) -> Callable[P, R]:
    """`work`, for what this thread works for in whichever thread it is done."""
    request = origin()

    def done(*args: P.args, **kwargs: P.kwargs) -> R:
        with working_for(request):
            return work(*args, **kwargs)

    return done


def arrived(header: Callable[[str], str | None]) -> Origin:
    """The origin that the headers of a request name; `header(name)` has the value of one. A new id where it has none.

    A trace that nobody could have meant is left out, and its state with it.
    """
    given, trace = header("X-Request-ID") or "", header("traceparent") or ""
    request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
    if not _TRACEPARENT.fullmatch(trace):
        return Origin(request_id)
    state = header("tracestate") or ""
    return Origin(request_id, trace, state if len(state) <= _LONGEST_STATE and state.isprintable() else "")
