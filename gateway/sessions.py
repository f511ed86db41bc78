"""Who is logged in: a signed cookie becomes an identity, by one statement per request.

The cookie holds the key of a session that is stored with the accounts. The session ends when the user logs out, is
deactivated or changes the password. The cookie is signed with the key of the accounts, which only the gateway has.
"""

import hmac
import secrets
from typing import Any

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature
from werkzeug.http import parse_cookie

from gateway import authentication
from gateway.errors import GatewayError
from gateway.request import SESSION_COOKIE, Request
from gateway.users.sessions import LIFETIME
from shared import JsonObject
from shared.config import settings
from shared.security.identity import Identity, keys_of

SECONDS = int(LIFETIME.total_seconds())
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Sessions(SecureCookieSessionInterface):
    """Flask's own sessions; the cookie is for this site only, and for TLS only when the client came by TLS."""

    salt = "patchbay.session"

    def get_cookie_path(self, app: Flask) -> str:
        return request.script_root or "/"

    def get_cookie_secure(self, app: Flask) -> bool:
        return Request.from_environ(request.environ).scheme == "https"


SESSIONS = Sessions()


def install(app: Flask) -> None:
    """Give `app` sessions whose cookie no script can read and no other site can use."""
    app.session_interface = SESSIONS
    app.secret_key, *replaced = keys_of(settings.service_keys.get("users", "")) or [secrets.token_hex(32)]
    app.config.update(
        SECRET_KEY_FALLBACKS=replaced,
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SECONDS,
        # A cookie that each reply gives anew would bring back what another one, asked for meanwhile, has taken out.
        SESSION_REFRESH_EACH_REQUEST=False,
    )


def caller(app: Flask, environ: dict[str, Any], asked: Request, name: str) -> Identity:
    """The user of a session, or else of a token, with its permissions in `name`. Raises GatewayError (403, 503)."""
    content = read(app, environ)
    found = identity(content, name)
    if content and found:
        require_csrf(content, asked.method, environ.get("HTTP_X_CSRFTOKEN", ""))
        return found
    found = authentication.authenticate(asked.authorization, name)
    authentication.require_login(found, asked.path)
    return found


def read(app: Flask, environ: dict[str, Any]) -> JsonObject | None:
    """What the session cookie of a request says, if it is one that this gateway made."""
    header = environ.get("HTTP_COOKIE", "")
    if SESSION_COOKIE not in header:
        return None
    cookie = parse_cookie(header).get(SESSION_COOKIE, "")
    serializer = SESSIONS.get_signing_serializer(app)
    if serializer is None:
        return None
    try:
        content: JsonObject = serializer.loads(cookie, max_age=SECONDS)
        return content
    except BadSignature:
        return None


def identity(content: JsonObject | None, app: str) -> Identity | None:
    """The user that a session names, with its permissions in `app`; None when the session has ended."""
    if not content or "key" not in content:
        return None
    row = authentication.look_up_session(content["key"], app)
    if row is None:
        return None
    user_id, username, superuser, active, permissions, groups = row
    if not active:
        return None
    return Identity(user_id, username, superuser, True, tuple(permissions), tuple(groups), by_cookie=True)


def require_csrf(content: JsonObject, method: str, token: str) -> None:
    """Refuse an unsafe request that another site could have made a browser send. Raises GatewayError (403)."""
    if method not in SAFE_METHODS and not hmac.compare_digest(content.get("csrf", "").encode(), token.encode() or b"-"):
        raise GatewayError(403, "CSRF Failed: CSRF token missing or incorrect.")
