"""Our client against urllib3: whatever bytes a server sends, ours reads what urllib3 reads, or refuses them.

The same generated replies go to both, in the same pieces: sound ones, and such that are cut short, say a wrong length,
mix chunks and lengths, fold header lines or go on after their end.
"""

import io
from dataclasses import dataclass, field
from http.client import HTTPException

from hypothesis import example, given, settings
from hypothesis import strategies as st
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from shared.http.client import Client
from shared.http.client_response import Failed

STATUSES = (200, 201, 204, 301, 304, 400, 404, 409, 503)
TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
FRAMING = ("content-length", "transfer-encoding", "connection")


class ScriptedSocket:
    """A connection over which `pieces` arrive, one a read, and then the end; what is sent is dropped."""

    def __init__(self, pieces: list[bytes]):
        self.pieces = list(pieces)

    def recv(self, _size: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def receive(self, _seconds: float) -> bytes:
        """As our client has it."""
        return self.recv(0)

    def send(self, _content: bytes, _seconds: float) -> None: ...

    def sendall(self, _content: bytes) -> None: ...

    def settimeout(self, _seconds: float | None) -> None: ...

    def setsockopt(self, *_option: object) -> None: ...

    def close(self) -> None: ...

    def makefile(self, _mode: str, *_more: object) -> io.BufferedReader:
        return io.BufferedReader(_Pieces(self))


class _Pieces(io.RawIOBase):
    """The reading side of a ScriptedSocket as the standard library wants it."""

    def __init__(self, source: ScriptedSocket):
        self._source, self._left = source, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        piece = self._left or self._source.recv(len(buffer))
        taken, self._left = piece[: len(buffer)], piece[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


@dataclass(frozen=True)
class Read:
    """What a client made of a reply; None where it refused it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class OneConnection(Client):
    """Our client, whose one connection is given."""

    def __init__(self, connection: ScriptedSocket):
        super().__init__("http://localhost", 1, 0)
        self.connection = connection

    def _connected(self):
        return self.connection


def ours(method: str, pieces: list[bytes]) -> Read | None:
    try:
        reply = OneConnection(ScriptedSocket(pieces)).ask(method, "/", {})
        return Read(reply.status, reply.headers, reply.read())
    except Failed:
        return None


def theirs(method: str, pieces: list[bytes]) -> Read | None:
    connection = HTTPConnection("localhost")
    connection.sock = ScriptedSocket(pieces)
    try:
        connection.request(method, "/", preload_content=False, decode_content=False)
        reply = connection.getresponse()
        return Read(reply.status, list(reply.headers.items()), reply.read())
    except (HTTPError, HTTPException, OSError, ValueError):
        return None


def lower(read: Read) -> Read:
    """With the names of headers in one case, and repeated ones together, as urllib3 has them."""
    joined: dict[str, str] = {}
    for name, value in read.headers:
        joined[name.lower()] = f"{joined[name.lower()]}, {value}" if name.lower() in joined else value
    return Read(read.status, sorted(joined.items()), read.body)


@dataclass
class Reply:
    """A reply as generated: its bytes, and whether there is nothing wrong with it."""

    content: bytes
    sound: bool
    cuts: list[int] = field(default_factory=list)

    def pieces(self) -> list[bytes]:
        places = sorted({min(cut, len(self.content)) for cut in self.cuts})
        return [
            part for a, b in zip([0, *places], [*places, len(self.content)], strict=True) if (part := self.content[a:b])
        ]


def chunked(body: bytes, sizes: list[int], extension: bytes, trailer: bytes) -> bytes:
    written, rest = b"", body
    while rest:
        size = sizes.pop(0) if sizes else len(rest)
        piece, rest = rest[:size], rest[size:]
        written += f"{len(piece):x}".encode() + extension + b"\r\n" + piece + b"\r\n"
    return written + b"0\r\n" + trailer + b"\r\n"


@st.composite
def replies(draw) -> Reply:
    """Replies of every framing, most of them sound."""
    status = draw(st.sampled_from(STATUSES))
    body = draw(st.binary(max_size=60)) if status not in (204, 304) else b""
    lines = [
        f"{name}: {value}"
        for name, value in draw(st.lists(st.tuples(TOKEN, VALUE), max_size=4))
        if name.lower() not in FRAMING
    ]
    framing = draw(st.sampled_from(("length", "chunks", "both", "neither", "wrong length", "two lengths", "no number")))
    if status in (204, 304) and framing in ("chunks", "both"):
        framing = "length"  # RFC 9112 §6.3: they end with their head; urllib3 waits for chunks that must not come
    sent, sound = body, framing in ("length", "chunks")
    if framing in ("chunks", "both"):
        sizes = draw(st.lists(st.integers(1, 20), max_size=5))
        extension = draw(st.sampled_from((b"", b"", b";a=b")))
        sent = chunked(body, sizes, extension, draw(st.sampled_from((b"", b"", b"X-Sum: 1\r\n"))))
        lines.append("Transfer-Encoding: chunked")
    if framing in ("length", "both"):
        lines.append(f"Content-Length: {len(body)}")
    if framing in ("wrong length", "two lengths"):
        lines.append(f"Content-Length: {max(0, len(body) + draw(st.integers(-5, 5)))}")
    if framing == "two lengths":
        lines.append(f"Content-Length: {len(body)}")
    if framing == "no number":
        lines.append(f"Content-Length: {draw(st.sampled_from(('', '-1', '+2', '0x2', '2 2', '1e1', '٢')))}")
    flaw = draw(st.sampled_from(("none", "none", "none", "cut", "more", "folded", "bare newline", "old version")))
    sound = sound and flaw == "none"
    if flaw == "folded":
        lines.append("X-Long: a\r\n b")
    version = "HTTP/1.0" if flaw == "old version" else "HTTP/1.1"
    newline = "\n" if flaw == "bare newline" else "\r\n"
    head = newline.join([f"{version} {status} Fine", *draw(st.permutations(lines)), "", ""]).encode()
    content = head + sent
    if flaw == "cut":
        content = content[: draw(st.integers(0, max(0, len(content) - 1)))]
    if flaw == "more":
        content += draw(st.sampled_from((b"\r\n", b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))
    return Reply(content, sound, draw(st.lists(st.integers(0, len(content)), max_size=6)))


OK = b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2;a=b\r\ndy\r\n0\r\nX-Sum: 1\r\n\r\n"


@settings(max_examples=3000)
@given(reply=replies(), method=st.sampled_from(("GET", "GET", "GET", "HEAD")))
@example(reply=Reply(OK, True, list(range(len(OK)))), method="GET")
@example(reply=Reply(CHUNKS, True, list(range(len(CHUNKS)))), method="GET")
@example(reply=Reply(OK.replace(b"4", b"2"), False), method="GET")
def test_ours_reads_what_urllib3_reads_or_refuses_it(reply: Reply, method: str):
    read, expected = ours(method, reply.pieces()), theirs(method, reply.pieces())
    if reply.sound and method == "GET":
        assert read is not None and expected is not None
    if read is not None:
        assert expected is not None, "urllib3 refuses what ours takes"
        assert lower(read) == lower(expected)


@settings(max_examples=300)
@given(content=st.sampled_from((OK, CHUNKS)), end=st.integers(0, 200), cuts=st.lists(st.integers(0, 100), max_size=6))
def test_a_reply_that_ends_early_is_refused_wherever_it_ends(content: bytes, end: int, cuts: list[int]):
    reply = Reply(content[: min(end, len(content) - 1)], False, cuts)
    assert ours("GET", reply.pieces()) is None
