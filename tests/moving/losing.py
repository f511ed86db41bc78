"""A server in front of a stack that does what it is asked, and loses the replies to the first writes."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread

import requests
from PIL import Image


class Front:
    """The server at `base_url`; `lost` replies so far."""

    def __init__(self, base_url: str) -> None:
        self.base_url, self.lost = base_url, 0


@contextmanager
def losing_replies(behind: str, number: int) -> Iterator[Front]:
    """In front of the stack at `behind`; the replies to the first `number` writes are lost."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(self._forwarded())

        def do_POST(self) -> None:
            reply = self._forwarded()
            if front.lost < number:
                front.lost += 1
                self.close_connection = True
                return
            self._answer(reply)

        do_PATCH = do_POST

        def _forwarded(self) -> requests.Response:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sent = {name: text for name, text in self.headers.items() if name != "Host"}
            return requests.request(self.command, behind + self.path, data=body or None, headers=sent, timeout=60)

        def _answer(self, reply: requests.Response) -> None:
            self.send_response(reply.status_code)
            self.send_header("Content-Type", reply.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    front = Front(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()


def pixel() -> dict[str, str]:
    """A picture as a row has it."""
    target = BytesIO()
    Image.new("RGB", (1, 1)).save(target, "PNG")
    return {"name": "front.png", "base64": b64encode(target.getvalue()).decode()}
