"""The services behind the gateway, by the app of their paths."""

from gateway.accounts.app import app as accounts
from gateway.errors import Refused, Reply
from gateway.mounted import Mounted
from gateway.proxy import Remote
from gateway.request import Request
from shared import session_key
from shared.config import settings
from shared.identity import HEADER, Identity, sign


class Upstreams:
    """Every service; `users` lives in this process."""

    def __init__(self):
        self._apps = {name: Remote(name, url) for name, url in settings.upstreams.items()}
        self._apps["users"] = Mounted("users", accounts)

    def send(self, request: Request, app: str, identity: Identity) -> Reply:
        """The reply of `app` to `request`, made by `identity`. Raises Refused (502, 503, 504)."""
        key = settings.service_keys.get(app)
        if key is None:
            raise Refused(503, f"The gateway has no key for the {app} service.")
        if app != session_key.APP:
            request.headers.pop(session_key.HEADER, None)
            request.headers.pop("Cookie", None)
        request.claims = {HEADER: sign(key, identity, request.method, request.path, request.query, request.digest)}
        return self._apps[app].send(request)
