"""A service that lives in the gateway's own process: it gets what a remote service would get, and no more."""

import sys
from io import BytesIO
from typing import Any

from werkzeug.test import run_wsgi_app

from gateway.errors import Reply
from gateway.proxy import end_to_end
from gateway.request import Request


class InProcess:
    """A WSGI application, asked like a remote service."""

    def __init__(self, name: str, application: Any) -> None:
        self.name = name
        self._application = application

    def send(self, request: Request) -> Reply:
        body, status, headers = run_wsgi_app(self._application, _environ(request), buffered=True)
        content = b"".join(body)
        lines = end_to_end(headers.items())
        declared = headers.get("Content-Length") if request.method == "HEAD" else str(len(content))
        if declared and not status.startswith("204"):
            lines.append(("Content-Length", declared))
        return Reply(int(status.split()[0]), lines, [content])


def _environ(request: Request) -> dict[str, Any]:
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.sent_headers.items()}
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode().decode("latin-1"),
        "QUERY_STRING": request.query,
        "CONTENT_TYPE": named.pop("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": named.pop("HTTP_CONTENT_LENGTH", "0"),
        "SERVER_NAME": "gateway",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": request.host,
        "REMOTE_ADDR": request.headers["X-Forwarded-For"].split(",")[-1].strip(),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": request.body.file if request.body else BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **named,
    }
