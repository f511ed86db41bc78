"""What is no request is refused with the kind of the mistake; what was sent is repeated to nobody."""

import json
import socket
from pathlib import Path

import pytest

from stack.plan import LOOPBACK, Plan
from tests.running import Stack, eventually

SECRET = "0123456789abcdef-of-a-token"
SENT = {
    "a header without a colon": (400, f"GET /api/ HTTP/1.1\r\nHost: a\r\nAuthorization Token {SECRET}\r\n\r\n"),
    "a name that is none": (400, f"GET /api/ HTTP/1.1\r\nHost: a\r\nX-Session-Key {SECRET}: a\r\n\r\n"),
    "more than its length": (
        400,
        f'POST /api/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}"key": "{SECRET}"\r\n\r\n',
    ),
    "a target with a control character": (400, f"GET /api/?token={SECRET}\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a coding that is not known": (501, f"POST /api/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {SECRET}\r\n\r\n"),
    "an expectation": (417, f"POST /api/ HTTP/1.1\r\nHost: a\r\nExpect: {SECRET}\r\n\r\n"),
    "too long a line": (414, f"GET /api/?token={SECRET}{'0' * 9000} HTTP/1.1\r\nHost: a\r\n\r\n"),
    "too long a header": (431, f"GET /api/ HTTP/1.1\r\nHost: a\r\nX: {SECRET}{'0' * 9000}\r\n\r\n"),
}


def last_reply(port: int, sent: str) -> tuple[int, bytes]:
    """The status and the body of the last reply on a connection over which `sent` goes, until its other end closes."""
    with socket.create_connection((LOOPBACK, port)) as connection:
        connection.sendall(sent.encode("latin-1"))
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, _, body = received.rpartition(b"\r\n\r\n")
    return int(head.rpartition(b"HTTP/1.1 ")[2][:3]), body


@pytest.mark.parametrize("program", ["gateway", "tenancy"])
@pytest.mark.parametrize("what", SENT)
def test_what_was_sent_is_neither_told_nor_logged(stack: Stack, program: str, what: str) -> None:
    log = Path(stack.folder.path, "logs", f"{program}.log")
    refused = log.read_text().count("refused a request")
    status, sent = SENT[what]
    got, body = last_reply(Plan.load(stack.folder).ports[program], sent)
    assert got == status
    assert set(json.loads(body)) == {"detail"} and SECRET.encode() not in body
    eventually(lambda: log.read_text().count("refused a request") > refused, "it is logged")
    assert SECRET not in log.read_text()
