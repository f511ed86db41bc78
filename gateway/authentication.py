"""Who is asking: a token, or the session of a browser, becomes an identity, by one statement per request."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from gateway.errors import MISSING_CREDENTIALS, GatewayError
from gateway.users import lookups
from shared.config import APPS, settings
from shared.db.server_version import unsupported
from shared.security.identity import ANONYMOUS, Identity

# NetBox's own, and the one that other clients know (RFC 6750).
SCHEMES = ("token", "bearer")
K = TypeVar("K")
_PUBLIC = re.compile(rf"/api/(?:(?:{'|'.join(APPS)})/(?:\.json)?|(?:docs|redoc|schema)/.*|users/tokens/provision/)?")


def authenticate(authorization: str | None, app: str) -> Identity:
    """The caller that an Authorization header names, with its permissions in `app`.

    Raises GatewayError (403, 503).
    """
    key = _key(authorization)
    if key is None:
        return ANONYMOUS
    row = _available(lookups.by_token, key, app)
    if row is None:
        raise GatewayError(403, "Invalid token")
    user_id, username, superuser, active, write, expired, permissions, groups = row
    if expired:
        raise GatewayError(403, "Token expired")
    if not active:
        raise GatewayError(403, "User inactive")
    return Identity(user_id, username, superuser, write, tuple(permissions), tuple(groups))


def require_login(identity: Identity, path: str) -> None:
    """With LOGIN_REQUIRED only roots, documentation and getting a token are public. Raises GatewayError (403)."""
    if settings.login_required and identity.anonymous and not _PUBLIC.fullmatch(path):
        raise GatewayError(403, MISSING_CREDENTIALS)


def readiness() -> str:
    """`ok` if the users can be read, else why not."""
    try:
        lookups.by_token("", "")
        return unsupported(lookups.server_version()) or lookups.unfit_schema() or "ok"
    except lookups.UsersUnavailable:
        return "unavailable"


def look_up_session(key: str, app: str) -> tuple[Any, ...] | None:
    """The user whose session has this key, as `lookups.by_session` has it. Raises GatewayError (503)."""
    return _available(lookups.by_session, key, app)


def look_up_user(user_id: int, app: str) -> tuple[Any, ...] | None:
    """A user, as `lookups.by_id` has it, with its permissions in `app`. Raises GatewayError (503)."""
    return _available(lookups.by_id, user_id, f"{app}.")


def _available(look_up: Callable[[K, str], tuple[Any, ...] | None], key: K, app: str) -> tuple[Any, ...] | None:
    try:
        return look_up(key, app)
    except lookups.UsersUnavailable:
        raise GatewayError(503, "Accounts are not available at the moment.", (("Retry-After", "1"),)) from None


def _key(authorization: str | None) -> str | None:
    words = (authorization or "").split()
    if not words or words[0].lower() not in SCHEMES:
        return None
    if len(words) == 1:
        raise GatewayError(403, "Invalid token header. No credentials provided.")
    if len(words) > 2:
        raise GatewayError(403, "Invalid token header. Token string should not contain spaces.")
    return words[1]
