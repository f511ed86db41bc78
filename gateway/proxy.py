"""Forwards one request to a service over pooled connections; every failure of it becomes a 502, 503 or 504."""

import itertools
import logging
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from gateway.circuit_breaker import Health
from gateway.errors import GatewayError, Reply
from gateway.request import HOP_BY_HOP, Request
from shared.config import settings
from shared.http import budget
from shared.http.client import Client
from shared.http.client_response import Broken, ClientResponse, Failed, TimedOut, Unreachable

# Longer than any service waits for another: what it gave up on holds no thread here for long.
INTERNAL_SECONDS = 8
# What a service that gives up has left to say so.
SPARE_SECONDS = 0.2
SHORT_BYTES = 1 << 16
# How long a copy that was silent may take to say that it is up.
PROBE_SECONDS = 2.0
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


class Copy:
    """One copy of the service `name`, at `url`, and how it is. Its methods are safe to call from many threads."""

    def __init__(self, name: str, url: str) -> None:
        self.url = url
        self.health = Health(name, self._answers)
        self._client = Client(url, settings.connect_seconds, settings.upstream_connections)

    def send(self, request: Request) -> Reply:
        """Its reply, still streaming if it is long. Raises Unreachable, TimedOut, Broken."""
        began = time.monotonic()
        try:
            answer = self._ask(request)
            try:
                reply = self._reply(request, answer)
            except BaseException:
                answer.close()
                raise
        except TimedOut:
            self.health.silent(time.monotonic() - began)
            raise
        except Unreachable:
            self.health.away()
            raise
        self.health.answered()
        return reply

    def _answers(self) -> bool:
        """Whether it takes a new connection and says that it is up."""
        asking = Client(self.url, PROBE_SECONDS, 0)
        try:
            answer = asking.ask("GET", "/healthz", {}, seconds=PROBE_SECONDS)
            answer.close()
            return answer.status == 200
        except Failed:
            return False

    def _ask(self, request: Request) -> ClientResponse:
        seconds = budget.left(INTERNAL_SECONDS if request.is_internal else settings.read_seconds)
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


class Remote:
    """A service of which there are copies at `urls`: each is asked in turn, those that do not answer are left out."""

    def __init__(self, name: str, urls: Sequence[str]) -> None:
        self.name = name
        self._copies = [Copy(name, url) for url in urls]
        self._turns = itertools.count()

    def send(self, request: Request) -> Reply:
        """The reply of the service. Raises GatewayError (502, 503, 504).

        Another copy is asked where nothing was asked of the first, and once where a connection was closed under a safe
        method, as a restart does.
        """
        choices, repeated, failed = self._choices(), False, Failed()
        if not choices:
            raise self._refused(503, "does not answer at the moment", None)
        while choices:
            copy = choices.pop(0)
            try:
                return copy.send(request)
            except TimedOut as error:
                raise self._refused(504, "did not answer in time", error) from error
            except Unreachable as error:
                failed = error
            except Broken as error:
                failed = error
                if request.method not in SAFE_METHODS or repeated:
                    break
                repeated, choices = True, choices or [copy]
        raise self._refused(502, "cannot be reached", failed) from failed

    def _choices(self) -> list[Copy]:
        """The copies to ask, in order: who is well by turns, then who refused a connection, which costs no time."""
        first = next(self._turns) % len(self._copies)
        by_turns = self._copies[first:] + self._copies[:first]
        well = [copy for copy in by_turns if not copy.health.left_out]
        return well + [copy for copy in by_turns if copy.health.left_out and not copy.health.hangs]

    def _refused(self, status: int, what: str, error: Exception | None) -> GatewayError:
        log.warning("%s %s: %s", self.name, what, error or "left out")
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
