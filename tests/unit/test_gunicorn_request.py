"""Requests are read as gunicorn reads them: the same is understood, and the same refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from hypothesis import given
from hypothesis import strategies as st

from stack.gunicorn_request import Parser

PLAIN = b"GET /api/dcim/sites/?q=a%20b HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n"
HEADS = [
    PLAIN,
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET //a/b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a? HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a:80/[b] HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
    b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX_Y: 1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
    b"GET / HTTP/1.1\r\n: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\njunk Host: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: \xe4\r\n\r\n",
    b"GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost:\t a b\t\r\nEmpty:\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: a\r\nExpect: else\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(101)) + b"\r\n",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: " + b"a" * 9000 + b"\r\n\r\n",
    # What ends badly after so many blanks is refused as soon as anything else.
    b"GET / HTTP/1.1\r\nX:" + b" " * 8000 + b"\x01\r\n\r\n",
    b"GET / HTTP/1.1\r\nX:" + b"\t " * 4000 + b"\r\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: a" + b" " * 8000 + b"b\r\n\r\n",
    b"\r\n" + PLAIN,
    b"\r\n\r\n" + PLAIN,
    PLAIN[:-2],
    PLAIN + PLAIN,
    b"",
]


def read(kind: type[RequestParser], pieces: list[bytes]) -> Iterator[object]:
    """What is made of each request that arrives in `pieces`, until one is refused."""
    requests: Any = kind(Config(), iter(pieces), ("127.0.0.1", 1))
    try:
        for each in requests:
            yield each.method, each.uri, each.path, each.query, each.fragment, each.version, each.headers
            yield each.scheme, each._expected_100_continue, each.body.read(), each.should_close()
    except Exception as refusal:
        yield type(refusal)


def same(pieces: list[bytes]) -> None:
    assert list(read(Parser, pieces)) == list(read(RequestParser, pieces))


@pytest.mark.parametrize("sent", HEADS, ids=range(len(HEADS)))
def test_a_request_means_what_it_means_to_gunicorn(sent: bytes) -> None:
    same([sent])
    same([sent[:20], sent[20:]])


LINES = st.lists(
    st.sampled_from([*(line for head in HEADS for line in head.split(b"\r\n")[:4]), b"\n", b"\r", b" ", b":"])
)
SENT = st.tuples(st.sampled_from(HEADS), LINES, st.binary(max_size=5), st.integers(0, 80))


@given(SENT)
def test_so_does_what_was_never_written_by_a_client(sent: tuple[bytes, list[bytes], bytes, int]) -> None:
    head, lines, noise, place = sent
    same([head[:place] + noise + head[place:] + b"\r\n".join(lines) + b"\r\n\r\n"])
    same([b"GET / HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n"])


def test_a_plain_request_is_not_left_to_gunicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Request, "parse")
    assert list(read(Parser, [PLAIN]))[0] == (
        "GET",
        "/api/dcim/sites/?q=a%20b",
        "/api/dcim/sites/",
        "q=a%20b",
        "",
        (1, 1),
        [("HOST", "example.com"), ("ACCEPT", "*/*")],
    )
