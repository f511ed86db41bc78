"""The client between our own servers: what it keeps, what it gives up, and how it tells."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from shared.http.client import Client
from shared.http.client_response import Broken, ClientResponse, TimedOut, Unreachable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


class Server:
    """Answers each request, whose body ends in `.`, with the next of `answers`; None means silence."""

    def __init__(self, *answers: "bytes | None"):
        self.answers, self.connections, self.heard = list(answers), 0, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while self.answers:
            connection = self.listener.accept()[0]
            self.connections += 1
            with connection:
                self._serve(connection)
        self.listener.close()

    def _serve(self, connection: socket.socket) -> None:
        while self.answers:
            heard = b""
            while not heard.endswith(b"."):
                piece = connection.recv(65536)
                if not piece:
                    return
                heard += piece
            self.heard = heard
            answer = self.answers.pop(0)
            if answer is None:
                connection.recv(1)
                return
            connection.sendall(answer)
            if b"close" in answer or b"Length: 9" in answer:
                return


def asked(client: Client, body=b".", seconds: float = 10) -> ClientResponse:
    return client.ask("POST", "/a", {"Content-Length": "1"}, body, seconds)


@pytest.fixture
def client_of() -> Iterator[Callable[[Server], Client]]:
    """Makes the client of a server."""
    with ExitStack() as made:
        yield lambda server: made.enter_context(
            closing(Client(f"http://127.0.0.1:{server.port}", connect_seconds=2, idle=2))
        )


def test_one_connection_serves_one_request_after_the_other(client_of):
    server = Server(OK, CHUNKED, OK)
    client = client_of(server)
    assert [asked(client).read() for _ in range(3)] == [b"ok", b"abcde", b"ok"]
    assert server.connections == 1
    assert server.heard == f"POST /a HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 1\r\n\r\n.".encode()


def test_a_connection_that_the_server_closes_is_not_used_again(client_of):
    server = Server(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", OK)
    client = client_of(server)
    assert [asked(client).read() for _ in range(2)] == [b"ok", b"ok"] and server.connections == 2


def test_a_connection_that_ended_while_it_was_unused_is_replaced(client_of):
    server = Server(OK)
    client = client_of(server)
    assert asked(client).read() == b"ok"
    server.listener.close()
    with pytest.raises((Unreachable, Broken)):
        asked(client)


def test_a_connection_unused_for_long_is_given_up_before_the_server_does(client_of, monkeypatch):
    server = Server(OK, OK)
    client = client_of(server)
    assert asked(client).read() == b"ok"
    monkeypatch.setattr("shared.http.client.UNUSED_SECONDS", 0)
    assert asked(client).read() == b"ok" and server.connections == 2


def test_what_is_given_up_half_read_is_never_used_again(client_of):
    server = Server(OK, OK)
    client = client_of(server)
    asked(client).close()
    assert asked(client).read() == b"ok" and server.connections == 2


def test_many_are_asked_before_any_answer_is_read(client_of):
    servers = [Server(OK), Server(None), Server(CHUNKED)]
    began = time.monotonic()
    sent = [client_of(server).send("POST", "/", {"Content-Length": "1"}, b".", 2) for server in servers]
    assert sent[0].begun().read() == b"ok"
    with pytest.raises(TimedOut):
        sent[1].begun()
    assert sent[2].begun().read() == b"abcde"
    assert time.monotonic() - began > 1.9


def test_a_long_body_is_sent_piece_by_piece(client_of):
    server = Server(OK)
    assert asked(client_of(server), io.BytesIO(b"x" * 1_000_000 + b".")).read() == b"ok"
    assert len(server.heard) > 1_000_000


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", Broken),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n", Broken),
        (b"nonsense\r\n\r\n", Broken),
        (None, TimedOut),
    ],
)
def test_what_goes_wrong_has_a_name(client_of, answer, failure):
    with pytest.raises(failure):
        asked(client_of(Server(answer)), seconds=10 if answer else 0.5).read()


def test_nobody_there_is_unreachable_and_nothing_smuggles_a_line():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        client = Client(f"http://127.0.0.1:{probe.getsockname()[1]}", 2, 2)
    with pytest.raises(Unreachable):
        asked(client)
    with pytest.raises(ValueError):
        client.ask("GET", "/", {"X-A": "b\r\nX-C: d"})


def test_a_body_that_is_read_slowly_has_the_time_of_the_whole():
    """Each piece goes soon enough; all of them together do not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}", connect_seconds=5, idle=0)
        ended = threading.Event()

        def read_slowly() -> None:
            connection, _ = listener.accept()
            with connection:
                while connection.recv(1 << 16) and not ended.wait(0.01):
                    pass

        reading = threading.Thread(target=read_slowly)
        reading.start()
        try:
            with pytest.raises(TimedOut):
                client.send("POST", "/a", {}, b"0" * (1 << 25), seconds=1)
        finally:
            ended.set()
            reading.join()
