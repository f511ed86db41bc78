"""A NetBox that tests make up: lists of objects as some release shows them, served in pages."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "0123456789abcdef0123456789abcdef01234567"
SESSION_KEY = "c2Vzc2lvbg=="
MOST = 3  # objects on a page, whatever is asked for


class NetBox:
    """`lists` maps paths (`"dcim/sites"`) to the faces of their objects, `files` paths to bytes."""

    def __init__(self, version: str, lists: dict[str, list[dict]], files: dict[str, bytes] | None = None) -> None:
        self.version, self.lists, self.files = version, lists, files or {}
        self.asked: list[str] = []
        self.base_url = ""

    def answer(self, path: str, query: dict[str, list[str]]) -> dict[str, Any] | None:
        """What GET answers; None for what is not there."""
        steps = path.removeprefix("/api/").strip("/")
        if not steps:
            return {app: f"{self.base_url}/api/{app}/" for app in dict.fromkeys(p.split("/")[0] for p in self.lists)}
        if "/" not in steps:
            own = [each.split("/")[1] for each in self.lists if each.startswith(f"{steps}/")]
            return {name: f"{self.base_url}/api/{steps}/{name}/" for name in ("_choices", *own)}
        return self._page(steps, query) if steps in self.lists else None

    def _page(self, path: str, query: dict[str, list[str]]) -> dict:
        start, faces = int(query.get("offset", ["0"])[0]), self.lists[path]
        # Where the next page is said to be is nobody's business but the path's.
        more = start + MOST < len(faces)
        following = f"http://elsewhere.example/api/{path}/?limit={MOST}&offset={start + MOST}" if more else None
        return {"count": len(faces), "next": following, "previous": None, "results": faces[start : start + MOST]}


@contextmanager
def serving(netbox: NetBox) -> Iterator[NetBox]:
    """`netbox` on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            netbox.asked.append(self.path)
            known = self.headers.get("Authorization") == f"Token {TOKEN}"
            if address.path in netbox.files:
                self._send(200, netbox.files[address.path], "image/png")
                return
            told: dict[str, Any] | None
            told = netbox.answer(address.path, parse_qs(address.query)) if known else {"detail": "Invalid token"}
            if told and address.path.endswith("/secrets/secrets/") and self.headers.get("X-Session-Key") != SESSION_KEY:
                told = told | {"results": [each | {"plaintext": None} for each in told["results"]]}
            status = 403 if not known else 404 if told is None else 200
            self._send(status, json.dumps(told).encode(), "application/json")

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert urlsplit(self.path).path == "/api/secrets/get-session-key/"
            assert sent["private_key"].startswith("-----BEGIN")
            self._send(200, json.dumps({"session_key": SESSION_KEY}).encode(), "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("API-Version", netbox.version)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    netbox.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield netbox
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
