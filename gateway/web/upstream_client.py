"""What a page asks of the services, as the user who looks at it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from flask import current_app, request
from werkzeug.test import encode_multipart

from gateway import authentication, sessions
from gateway.body import Body
from gateway.errors import GatewayError
from gateway.request import Request
from gateway.routing import route
from gateway.web.visitor import Visitor
from shared.http.context import of_request
from shared.security.identity import Identity


class Upload(dict[str, Any]):
    """What is sent as a form, because there are files in it."""


class CsvFile(bytes):
    """What is sent as CSV, in UTF-8."""


@dataclass
class UpstreamResponse:
    """The reply to one request of a page: `headers` by lower-case name, `content` as bytes."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        return self.status < 400

    @property
    def is_json(self) -> bool:
        return self.headers.get("content-type", "").startswith("application/json") and bool(self.content)

    @cached_property
    def json(self) -> Any:
        """The parsed content; None when it is not JSON."""
        return orjson.loads(self.content) if self.is_json else None


def fetch(method: str, path: str, query: str = "", data: Any = None) -> UpstreamResponse:
    """The answer of the service that `path` belongs to; a refusal of the gateway is an answer like any other."""
    _, app = route(path)
    try:
        asked = _request(method, path, query, data)
        caller = identity(app)
        authentication.require_login(caller, path)
        reply = current_app.extensions["patchbay.upstreams"].send(asked, app, caller)
    except GatewayError as refused:
        reply = refused.reply()
    headers = {name.lower(): value for name, value in reply.headers}
    return UpstreamResponse(reply.status, headers, b"".join(reply.body))


def identity(app: str) -> Identity:
    """Who looks at the page, with the permissions in `app`. Raises GatewayError (403, 503)."""
    known = of_request(Visitor).identities
    if app not in known:
        content = sessions.read(current_app, request.environ)
        token = request.headers.get("Authorization")
        known[app] = sessions.identity(content, app) or authentication.authenticate(token, app)
    return known[app]


def may(permission: str | None) -> bool:
    """Whether the user holds `permission` (`dcim.add_site`); anybody logged in when there is none."""
    user = identity(permission.split(".")[0] if permission else "users")
    return not user.anonymous and user.write and (permission is None or user.may(permission))


def _request(method: str, path: str, query: str, data: Any) -> Request:
    asked = Request.from_environ(request.environ)
    asked.method, asked.path, asked.query = method, path, query
    asked.headers = {name: value for name, value in asked.headers.items() if name.startswith("X-") or name == "Cookie"}
    asked.headers["Accept"] = "application/json, image/svg+xml"
    if isinstance(data, Upload):
        boundary, content = encode_multipart(data)
        asked.headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        asked.body = Body.of(content)
    elif isinstance(data, CsvFile):
        asked.headers["Content-Type"] = "text/csv; charset=utf-8"
        asked.body = Body.of(data)
    elif data is not None:
        asked.headers["Content-Type"] = "application/json"
        asked.body = Body.of(data if isinstance(data, bytes) else orjson.dumps(data))
    return asked
