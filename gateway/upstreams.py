"""The services behind the gateway, by the app of their paths."""

from gateway import delegation
from gateway.errors import GatewayError, Reply
from gateway.in_process import InProcess
from gateway.proxy import Remote
from gateway.request import Request
from gateway.users.app import app as accounts
from shared.config import settings
from shared.http import protocol
from shared.security import session_key
from shared.security.identity import HEADER, Identity, sign
from shared.telemetry import tracing


class Upstreams:
    """Every service; `users` lives in this process."""

    def __init__(self) -> None:
        self._apps: dict[str, Remote | InProcess] = {
            name: Remote(name, url) for name, url in settings.upstreams.items()
        }
        self._apps["users"] = InProcess("users", accounts)

    def send(self, request: Request, app: str, identity: Identity) -> Reply:
        """The reply of `app` to `request`, made by `identity`. Raises GatewayError (502, 503, 504)."""
        key = settings.service_keys.get(app)
        if key is None:
            raise GatewayError(503, f"The gateway has no key for the {app} service.")
        if app != session_key.APP:
            request.headers.pop(session_key.HEADER, None)
            request.headers.pop("Cookie", None)
        request.claims = {HEADER: sign(key, identity, request.method, request.path, request.query, request.digest)}
        request.claims |= delegation.header_for(app, request.method, identity)
        # A service that calls another says itself what it speaks.
        if protocol.HEADER not in request.headers:
            request.claims |= protocol.as_header()
        with tracing.span("gateway", f"ask {app}", tracing.SpanKind.CLIENT, {"server.address": app}):
            return self._apps[app].send(request)
