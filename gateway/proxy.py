"""Forwards one request to a service over pooled connections; every failure of it becomes a 502 or 504."""

import logging
import re
from collections.abc import Iterable, Iterator
from typing import IO

from gateway.errors import GatewayError, Reply
from gateway.request import HOP_BY_HOP, Request
from shared.config import settings
from shared.http import budget
from shared.http.client import Client
from shared.http.client_response import Broken, ClientResponse, Failed, TimedOut

# Longer than any service waits for another: what it gave up on holds no thread here for long.
INTERNAL_SECONDS = 8
# What a service that gives up has left to say so.
SPARE_SECONDS = 0.2
SHORT_BYTES = 1 << 16
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
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

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._client = Client(url, settings.connect_seconds, settings.upstream_connections)

    def send(self, request: Request) -> Reply:
        """The reply of the service, still streaming if it is long. Raises GatewayError (502, 504)."""
        try:
            answer = self._ask(request)
            try:
                return self._reply(request, answer)
            except BaseException:
                answer.close()
                raise
        except TimedOut as error:
            raise self._failed(504, "did not answer in time", request, error) from error
        except Failed as error:
            raise self._failed(502, "cannot be reached", request, error) from error

    def _ask(self, request: Request) -> ClientResponse:
        """Ask once; a safe method once more when the connection was closed under it, as a restart does."""
        try:
            return self._ask_once(request)
        except Broken:
            if request.method not in SAFE_METHODS:
                raise
            return self._ask_once(request)

    def _ask_once(self, request: Request) -> ClientResponse:
        seconds = budget.left(INTERNAL_SECONDS if request.path.startswith("/internal/") else settings.read_seconds)
        body: bytes | IO[bytes] = b""
        if request.body:
            request.body.file.seek(0)
            body = request.body.file
        headers = request.sent_headers | budget.as_header(max(seconds - SPARE_SECONDS, 0))
        return self._client.ask(request.method, request.target, headers, body, max(seconds, SPARE_SECONDS))

    def _reply(self, request: Request, answer: ClientResponse) -> Reply:
        """A short reply is read whole first, so that a broken one can still become a 502."""
        headers = end_to_end(answer.headers)
        if answer.status < 200 or answer.endless or any(map(_unsound, headers)):
            raise Broken("not a reply that can be passed on")
        pieces = answer.pieces()
        head, whole = _beginning(pieces)
        body: Iterable[bytes] = []
        if request.method == "HEAD" or answer.status in (204, 304):
            length = answer.length
        elif whole:
            length, body = str(sum(map(len, head))), head
        else:
            length, body = "" if answer.chunked else answer.length, _Stream(head, pieces, answer)
        if length and answer.status != 204:
            headers.append(("Content-Length", length))
        return Reply(answer.status, headers, body)

    def _failed(self, status: int, what: str, request: Request, error: Exception) -> GatewayError:
        log.warning("%s %s: %s", self.name, what, type(error).__name__)
        return GatewayError(status, f"The {self.name} service {what}.", (("Retry-After", "1"),))


class _Stream:
    """The pieces of a long reply; closing it early gives up the connection.

    A service that breaks off raises out of the iteration: the server then cuts the client's connection, the
    only honest end once the status has been sent.
    """

    def __init__(self, head: list[bytes], rest: Iterator[bytes], answer: ClientResponse) -> None:
        self._head, self._rest, self._answer = head, rest, answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._head
        yield from self._rest

    def close(self) -> None:
        self._answer.close()


def end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The header lines of a reply that concern the client."""
    lines = [(name, value.strip()) for name, value in headers]
    named = {n.strip().lower() for name, value in lines if name.lower() == "connection" for n in value.split(",")}
    return [(name, value) for name, value in lines if name.lower() not in _OWN and name.lower() not in named]


def _beginning(pieces: Iterator[bytes]) -> tuple[list[bytes], bool]:
    """The first of `pieces`, and whether they are all."""
    taken, size = [], 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size > SHORT_BYTES:
            return taken, False
    return taken, True


def _unsound(line: tuple[str, str]) -> bool:
    return bool(_BAD_NAME.search(line[0]) or _BAD_VALUE.search(line[1]))
