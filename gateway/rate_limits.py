"""How often a client may ask: a limit for each address, and one for each token, of which none is set by default.

Counted are requests of clients, refused ones included, in fixed windows (`100/minute`). Each worker counts for itself,
unless `RATE_LIMIT_STORAGE` names a place in which all count together, in the words of the library `limits`.
"""

import logging
import time
from typing import Any

from limits import RateLimitItem
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from gateway.authentication import SCHEMES
from gateway.errors import GatewayError
from gateway.users.keys import digest
from shared.config import settings

# Whoever watches the gateway, and the services themselves, ask as often as they like.
OPEN_PATHS = ("/healthz", "/readyz", "/metrics")
HEADERS = "patchbay.rate_limit"
MANY = 1 << 62

log = logging.getLogger("patchbay.gateway")


class RateLimits:
    """The limits of this process."""

    def __init__(self) -> None:
        self._limits = {"address": settings.rate_limit_address, "token": settings.rate_limit_token}
        self.wanted = any(self._limits.values())
        storage = storage_from_string(settings.rate_limit_storage) if self.wanted else None
        self._limiter = FixedWindowRateLimiter(storage) if storage else None

    def count(self, environ: dict[str, Any]) -> None:
        """Count a request, and keep what its reply says of the limits. Raises GatewayError (429)."""
        path = environ["PATH_INFO"]
        if not self._limiter or path in OPEN_PATHS or path.startswith("/internal/"):
            return
        try:
            refused, headers = self._hit(environ)
        except self._limiter.storage.base_exceptions as error:
            log.warning("requests are not limited: %s", type(error).__name__)
            return
        environ[HEADERS] = headers
        if refused:
            wait = dict(headers)["RateLimit-Reset"]
            raise GatewayError(429, f"Too many requests from this {refused}.", (("Retry-After", wait),))

    def _hit(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        """What is over its limit, if anything, and the headers of the limit that is nearest."""
        assert self._limiter
        who = {"address": environ.get("REMOTE_ADDR", ""), "token": _token(environ)}
        refused, nearest = "", (MANY, 0.0, 0)
        for kind, key in who.items():
            limit: RateLimitItem | None = self._limits[kind]
            if limit is None or not key:
                continue
            allowed = self._limiter.hit(limit, kind, key)
            reset, remaining = self._limiter.get_window_stats(limit, kind, key)
            nearest = min(nearest, (remaining, reset, limit.amount))
            if not allowed:
                refused = kind
                break
        remaining, reset, amount = nearest
        if not amount:
            return "", []
        seconds = max(1, round(reset - time.time()))
        told = {"Limit": amount, "Remaining": remaining, "Reset": seconds}
        return refused, [(f"RateLimit-{name}", str(number)) for name, number in told.items()]


def _token(environ: dict[str, Any]) -> str:
    """What stands for the token of a request, whether there is such a token or not; empty without one."""
    words = environ.get("HTTP_AUTHORIZATION", "").split()
    return digest(words[1]) if len(words) == 2 and words[0].lower() in SCHEMES else ""
