"""Who is asking: the signed, short-lived identity that the gateway hands to a service.

The gateway signs with the key of the service it forwards to, so a key taken from one service opens no other.
A signature covers the whole request, method, path, query and body: an identity seen on the wire fits no other. Each
has a number of its own, by which a service knows a write that is sent once more (shared/security/replay_protection.py).
A key is a list while it is replaced, `new,old`: the first signs, and what any of them signed is believed.
The clocks of two machines may differ by `CLOCK_SKEW_SECONDS`, either way.
"""

import hmac
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from hashlib import blake2b, sha256

import orjson
from itsdangerous import BadSignature, TimestampSigner

from shared import JsonObject
from shared.config import settings

HEADER = "X-Patchbay-Identity"
CALLER_HEADER = "X-Patchbay-Service"
# On whose behalf a service calls another (gateway/delegation.py).
DELEGATION_HEADER = "X-Patchbay-Delegation"
_SALT = "patchbay.identity"
MAX_AGE_SECONDS = 60
# How long an identity is accepted, by the clock of the service.
ACCEPTED_SECONDS = MAX_AGE_SECONDS + 2 * settings.clock_skew_seconds


class Forged(Exception):
    """The identity is missing, altered, expired or meant for another request."""


@dataclass(frozen=True)
class Identity:
    """The caller of one request.

    `user_id` is None for anonymous callers, and for services unless they ask for a user; `service` names a calling
    service. `permissions` are
    those of the app asked, as `app.codename`, `groups` the ids of the user's. `write` is false for a read-only token,
    `by_cookie` true for who has no token, but logged in with a browser.
    """

    user_id: int | None = None
    username: str = ""
    superuser: bool = False
    write: bool = False
    permissions: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    by_cookie: bool = False
    service: str = ""
    number: str = ""

    @property
    def anonymous(self) -> bool:
        return self.user_id is None and not self.service

    def may(self, permission: str) -> bool:
        return self.superuser or permission in self.permissions


ANONYMOUS = Identity()
_CLAIMS = frozenset(each.name for each in fields(Identity))


def keys_of(setting: str) -> list[str]:
    """The keys that a setting names, the newest first: one, while none is being replaced."""
    return [key for part in setting.split(",") if (key := part.strip())]


@cache
def signer(setting: str, salt: str) -> TimestampSigner:
    """What signs with the first key of a setting, and believes what any of its keys signed for the same purpose."""
    return TimestampSigner(keys_of(setting)[::-1], salt=salt, digest_method=sha256)


def digest(content: bytes) -> str:
    """The digest of a body that its signature covers; empty for none."""
    return hasher(content).hexdigest() if content else ""


def hasher(content: bytes = b"") -> blake2b:
    """Makes the digest of a body that comes in pieces."""
    return blake2b(content, digest_size=20)


def sign(key: str, identity: Identity, method: str, path: str, query: str = "", body: str = "") -> str:
    """The header value that makes `identity` the caller of one request.

    `path` is decoded, `query` as it is sent, `body` a digest. An identity without a number gets one.
    """
    claims = {**vars(identity), "number": identity.number or secrets.token_hex(12)}
    content = orjson.dumps([_fingerprint(method, path, query, body), claims])
    return signer(key, _SALT).sign(b64encode(content)).decode()


def verify(key: str, header: str | None, method: str, path: str, query: str, body: Callable[[], str]) -> Identity:
    """The caller that `header` vouches for; the digest of the `body` is asked for last. Raises Forged, saying why."""
    if not header:
        raise Forged("there is none")
    if not keys_of(key):
        raise Forged("this service has no key")
    try:
        content, since = signer(key, _SALT).unsign(header, return_timestamp=True)
        signed, claims = orjson.loads(b64decode(content))
    except (BadSignature, ValueError) as error:
        raise Forged("it is not signed with the key of this service") from error
    _require_current(time.time() - since.timestamp())
    if not hmac.compare_digest(signed, _fingerprint(method, path, query, body())):
        raise Forged("it was signed for another request")
    given: JsonObject = {
        name: tuple(each) if isinstance(each, list) else each for name, each in claims.items() if name in _CLAIMS
    }
    return Identity(**given)


def _require_current(age: float) -> None:
    """Refuse a signature whose `age` in seconds, by this clock, is too great or negative. Raises Forged."""
    skew = settings.clock_skew_seconds
    if age > MAX_AGE_SECONDS + skew:
        raise Forged(f"it was signed {age:.0f} seconds ago (at most {MAX_AGE_SECONDS}, and {skew:g} for clocks)")
    if age < -skew:
        raise Forged(f"it was signed {-age:.0f} seconds in the future (clocks may differ by {skew:g})")


def _fingerprint(*parts: str) -> str:
    return digest("\0".join(parts).encode())
