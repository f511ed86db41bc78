"""Which pages of other sites may ask this API with a browser (CORS): those of `CORS_ORIGINS`, none by default.

They ask with a token; a cookie is never taken from another site, so no credentials are allowed.
"""

from typing import Any

from gateway.errors import Reply
from shared.config import settings

_METHODS = "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"
_ASKED = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Request-ID, X-Session-Key"
_TOLD = "API-Version, ETag, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Degraded"
_PREFLIGHT_SECONDS = 600


def headers(environ: dict[str, Any]) -> list[tuple[str, str]]:
    """What lets the page that asked read the reply; nothing for others."""
    origin = environ.get("HTTP_ORIGIN", "")
    if not origin or not environ["PATH_INFO"].startswith(("/api/", "/media/")):
        return []
    if "*" in settings.cors_origins:
        return [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", _TOLD)]
    if origin in settings.cors_origins:
        return [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", _TOLD)]
    return []


def preflight(environ: dict[str, Any]) -> Reply | None:
    """The answer to a browser that asks whether a page may ask; None for any other request."""
    if environ["REQUEST_METHOD"] != "OPTIONS" or "HTTP_ACCESS_CONTROL_REQUEST_METHOD" not in environ:
        return None
    if not headers(environ):
        return None
    allowed = [
        ("Access-Control-Allow-Methods", _METHODS),
        ("Access-Control-Allow-Headers", _ASKED),
        ("Access-Control-Max-Age", str(_PREFLIGHT_SECONDS)),
    ]
    return Reply(204, allowed, [])
