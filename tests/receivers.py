"""Receivers of webhooks: servers that note what they get, and answer as a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any
from urllib.parse import parse_qs

from tests.running import eventually

# The one address of this machine that the stack of the tests may send webhooks to.
HOST = "127.0.0.2"
RECEIVERS = f"{HOST}/32"


@dataclass
class Received:
    """A request that came: `path`, `headers` by lower-case name, the bytes of its `body`; `acknowledged` with 2xx."""

    path: str
    headers: dict[str, str]
    body: bytes
    acknowledged: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """The event, whether it came as JSON or as a form."""
        if self.headers["content-type"] == "application/json":
            return json.loads(self.body)
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


# What a receiver answers to a request: a status, or what writes the reply to the handler itself.
Answer = Callable[[Received], int | Callable[[BaseHTTPRequestHandler], None]]


@dataclass
class Receiver:
    """What came to a receiver, in the order in which it was answered."""

    url: str
    answer: Answer = field(default=lambda received: 200)
    received: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.under_way: set[str] = set()
        self.twice_at_once: list[str] = []

    def arrive(self, received: Received) -> int | Callable[[BaseHTTPRequestHandler], None]:
        event = received.headers["webhook-id"]
        with self.lock:
            self.twice_at_once += [event] if event in self.under_way else []
            self.under_way.add(event)
        try:
            answer = self.answer(received)
        finally:
            with self.lock:
                self.under_way.discard(event)
        with self.lock:
            received.acknowledged = isinstance(answer, int) and 200 <= answer < 300
            self.received.append(received)
        return answer

    def events(self, **like: Any) -> list[tuple[str, int]]:
        """(event, id of the object) of all that came and whose event is `like` that."""
        told = [each.told for each in list(self.received)]
        return [(one["event"], one["data"]["id"]) for one in told if like.items() <= one.items()]

    def wait_for(self, enough: Callable[[list[Received]], bool], what: str) -> list[Received]:
        """All that has come once that is `enough`."""
        eventually(lambda: enough(list(self.received)), what)
        return list(self.received)

    def wait_for_number(self, number: int) -> list[Received]:
        return self.wait_for(lambda all: len(all) >= number, f"{number} requests have come")


@contextmanager
def receiving(answer: Answer | None = None, host: str = HOST, tls: SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens at a free port of `host`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.arrive(Received(self.path, headers, body))
            if not isinstance(answer, int):
                answer(self)
                return
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *arguments: object) -> None:
            pass  # a sender that was killed

    server = Server((host, 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(f"{'https' if tls else 'http'}://{host}:{server.server_port}/hook")
    if answer:
        receiver.answer = answer
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
