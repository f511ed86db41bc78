"""How gunicorn sends a reply: the head together with the first of the body.

gunicorn sends the head by itself, in a packet of its own: who waits for the reply then wakes twice.
"""

from gunicorn.http import wsgi


class Response(wsgi.Response):
    """gunicorn's, which keeps the head until there is something to send with it."""

    _head = b""

    def send_headers(self) -> None:
        if not self.headers_sent:
            lines = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
            self._head, self.headers_sent = "".join(lines).encode("latin-1"), True

    def can_sendfile(self) -> bool:
        """Files are small here and sent like anything else; the kernel would send one before its head."""
        return False

    def close(self) -> None:
        self.send_headers()
        self._send(b"0\r\n\r\n" if self.chunked else b"")

    def _emit_body(self, data: bytes) -> None:
        self._send(b"%X\r\n%b\r\n" % (len(data), data) if self.chunked else data)

    def _send(self, data: bytes) -> None:
        head, self._head = self._head, b""
        if head or data:
            self.sock.sendall(head + data)


def install() -> None:
    """Have gunicorn make these replies, for which it has no setting."""
    wsgi.Response = Response  # type: ignore[misc]  # a class is put in place of another
