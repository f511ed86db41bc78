"""Forwards one request to a service over pooled connections; every failure of it becomes a 502 or 504."""

import logging
import re
from collections.abc import Iterable, Iterator
from itertools import islice

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, TimeoutError

from gateway.errors import Refused, Reply
from gateway.request import HOP_BY_HOP, Request
from shared.config import settings

# Longer than any service waits for another: what it gave up on holds no thread here for long.
INTERNAL_SECONDS = 8
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PIECE = 1 << 16
# The server in front writes its own date and name; the gateway writes the others.
_OWN = HOP_BY_HOP | {
    "content-length",
    "date",
    "server",
    "x-request-id",
    "api-version",
    "vary",
    "x-frame-options",
}
_BAD_NAME = re.compile(r"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

log = logging.getLogger("patchbay.gateway")


class Remote:
    """A service behind `url`. `send` is safe to call from many threads."""

    def __init__(self, name: str, url: str):
        self.name = name
        self._timeout = urllib3.Timeout(connect=settings.connect_seconds, read=settings.read_seconds)
        self._internal = urllib3.Timeout(connect=settings.connect_seconds, read=INTERNAL_SECONDS)
        self._pool = urllib3.connection_from_url(url, maxsize=settings.upstream_connections, block=False)

    def send(self, request: Request) -> Reply:
        """The reply of the service, still streaming if it is long. Raises Refused (502, 504)."""
        try:
            answer = self._ask(request)
            try:
                return self._reply(request, answer)
            except BaseException:
                answer.close()
                raise
        except NewConnectionError as error:  # a TimeoutError to urllib3, but it is a refusal
            raise self._failed(502, "cannot be reached", request, error) from error
        except TimeoutError as error:
            raise self._failed(504, "did not answer in time", request, error) from error
        except HTTPError as error:
            raise self._failed(502, "cannot be reached", request, error) from error

    def _ask(self, request: Request) -> urllib3.BaseHTTPResponse:
        """Ask once; a safe method once more when the connection was closed under it, as a restart does."""
        try:
            return self._ask_once(request)
        except ProtocolError:
            if request.method not in SAFE_METHODS:
                raise
            return self._ask_once(request)

    def _ask_once(self, request: Request) -> urllib3.BaseHTTPResponse:
        if request.body:
            request.body.file.seek(0)
        return self._pool.urlopen(
            request.method,
            request.target,
            body=request.body.file if request.body else None,
            headers=request.sent_headers,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
            timeout=self._internal if request.path.startswith("/internal/") else self._timeout,
        )

    def _reply(self, request: Request, answer: urllib3.BaseHTTPResponse) -> Reply:
        """A reply of two pieces at most is read whole first, so that a broken one can still become a 502."""
        headers = end_to_end(answer.headers.items())
        if answer.status < 200 or _endless(answer) or any(map(_unsound, headers)):
            raise ProtocolError("not a reply that can be passed on")
        pieces = _pieces(answer)
        head = list(islice(pieces, 2))
        declared = answer.headers.get("Content-Length", "")
        if request.method == "HEAD" or answer.status in (204, 304):
            length, body = declared, []
        elif len(head) < 2:
            length, body = str(sum(map(len, head))), head
        else:
            length, body = (
                "" if answer.headers.get("Transfer-Encoding") else declared,
                _Stream(head, pieces, answer),
            )
        if length.isascii() and length.isdigit() and answer.status != 204:
            headers.append(("Content-Length", length))
        return Reply(answer.status, headers, body)

    def _failed(self, status: int, what: str, request: Request, error: Exception) -> Refused:
        log.warning("%s %s: %s (request %s)", self.name, what, type(error).__name__, request.request_id)
        return Refused(status, f"The {self.name} service {what}.", (("Retry-After", "1"),))


class _Stream:
    """The pieces of a long reply; closing it early gives up the connection.

    A service that breaks off raises out of the iteration: the server then cuts the client's connection, the
    only honest end once the status has been sent.
    """

    def __init__(self, head: list[bytes], rest: Iterator[bytes], answer: urllib3.BaseHTTPResponse):
        self._head, self._rest, self._answer = head, rest, answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._head
        yield from self._rest

    def close(self) -> None:
        self._answer.close()
        self._answer.release_conn()


def end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The header lines of a reply that concern the client."""
    lines = [(name, value.strip()) for name, value in headers]
    named = {n.strip().lower() for name, value in lines if name.lower() == "connection" for n in value.split(",")}
    return [(name, value) for name, value in lines if name.lower() not in _OWN and name.lower() not in named]


def _endless(answer: urllib3.BaseHTTPResponse) -> bool:
    """Whether only a hang-up ends the reply: then one cut off, in its headers even, would look complete."""
    return answer.length_remaining is None and not answer.chunked


def _unsound(line: tuple[str, str]) -> bool:
    return bool(_BAD_NAME.search(line[0]) or _BAD_VALUE.search(line[1]))


def _pieces(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    while piece := answer.read(_PIECE, decode_content=False):
        yield piece
