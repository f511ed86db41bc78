"""Requests that no client library is willing to send: bytes as they are, over a connection of their own."""

import socket
from typing import NamedTuple
from urllib.parse import urlsplit


class RawReply(NamedTuple):
    """The status of a reply, 0 for none, and all of it as bytes."""

    status: int
    content: bytes


def ask(base_url: str, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> RawReply:
    """The reply to one request; `headers` come after our own, which say `Connection: close`."""
    address = urlsplit(base_url)
    given = {name.lower() for name, _ in headers}
    own = [(b"Connection", b"close"), (b"Host", address.netloc.encode()), (b"Content-Length", b"%d" % len(body))]
    lines = [b"%b: %b" % line for line in [*(line for line in own if line[0].lower() not in given), *headers]]
    with socket.create_connection((address.hostname, address.port), 60) as connection:
        connection.sendall(b"%b %b HTTP/1.1\r\n%b\r\n\r\n%b" % (method, target, b"\r\n".join(lines), body))
        content = b"".join(iter(lambda: connection.recv(65536), b""))
    return RawReply(int(content.split(b" ", 2)[1]) if content.startswith(b"HTTP/") else 0, content)
