"""Connections that say nothing for a while: those that a thread waits for, and those that there is none for."""

import http.client
import socket
from contextlib import ExitStack, closing

import psutil

from stack.plan import LOOPBACK, Plan
from stack.worker import LONG_LINGER_MILLISECONDS, PLACES
from tests.running import Stack, eventually


def kept(stack: Stack, program: str) -> http.client.HTTPConnection:
    """A connection to `program` that was answered once."""
    connection = http.client.HTTPConnection(LOOPBACK, Plan.load(stack.folder).ports[program])
    assert status(connection) == 200
    return connection


def status(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", "/healthz")
    reply = connection.getresponse()
    reply.read()
    return reply.status


def test_more_connections_than_threads_wait_for_are_all_answered_again(stack: Stack) -> None:
    for program in ("tenancy", "gateway"):
        with ExitStack() as opened:
            connections = [opened.enter_context(closing(kept(stack, program))) for _ in range(3 * PLACES)]
            assert [status(each) for each in (*connections, *reversed(connections))] == [200] * 6 * PLACES


def test_requests_that_are_sent_at_once_are_answered_at_once(stack: Stack) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    port = Plan.load(stack.folder).ports["tenancy"]
    with socket.create_connection((LOOPBACK, port), LONG_LINGER_MILLISECONDS / 1000) as connection:
        connection.sendall(3 * asked)
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 3:
            received += connection.recv(1 << 16)


def test_a_worker_that_is_told_to_end_waits_for_no_connection(make_stack) -> None:
    stack = make_stack().start()
    (worker,) = stack.processes["tenancy"].children()
    with closing(kept(stack, "tenancy")) as connection:
        worker.terminate()
        assert connection.sock.recv(1) == b""
        psutil.wait_procs([worker])
        eventually(lambda: stack.health()["tenancy"] == "healthy", "another worker answers")
        with closing(kept(stack, "tenancy")) as another:
            assert status(another) == 200
