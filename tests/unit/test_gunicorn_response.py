"""Replies go out in as few pieces as can be; a socket that keeps pieces apart shows them."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from stack.gunicorn_response import Response


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield ours, theirs


def sent(
    ends: tuple[socket.socket, socket.socket],
    body: list[bytes],
    length: int | None,
    method: str = "GET",
    status: str = "200 OK",
) -> list[bytes]:
    """The pieces of a reply, each without what is the same in all of them."""
    request: Any = SimpleNamespace(method=method, version=(1, 1), should_close=lambda: False)
    reply = Response(request, ends[0], Config())
    reply.start_response(status, [] if length is None else [("Content-Length", str(length))])
    for piece in body:
        reply.write(piece)
    reply.close()
    ends[0].shutdown(socket.SHUT_WR)
    return list(iter(lambda: ends[1].recv(1 << 16), b""))


def test_a_short_reply_is_one_piece(ends: tuple[socket.socket, socket.socket]) -> None:
    (whole,) = sent(ends, [b"hello"], 5)
    head, _, body = whole.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\nContent-Length: 5" in head and body == b"hello"


def test_a_long_one_goes_out_as_it_is_made(ends: tuple[socket.socket, socket.socket]) -> None:
    first, second, end = sent(ends, [b"a", b"", b"b"], None)
    assert first.endswith(b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    assert (second, end) == (b"1\r\nb\r\n", b"0\r\n\r\n")


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", "200 OK"), ("GET", "304 NOT MODIFIED"), ("PUT", "204 NO CONTENT")]
)
def test_a_reply_without_a_body_is_its_head(
    ends: tuple[socket.socket, socket.socket], method: str, status: str
) -> None:
    (whole,) = sent(ends, [], None, method, status)
    assert whole.startswith(f"HTTP/1.1 {status}\r\n".encode()) and whole.endswith(b"\r\n\r\n")


def test_an_empty_body_is_none(ends: tuple[socket.socket, socket.socket]) -> None:
    assert sent(ends, [b""], 0)[0].endswith(b"Content-Length: 0\r\n\r\n")
