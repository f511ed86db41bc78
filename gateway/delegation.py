"""Delegation: a service that answers a user's write may have others do a part of it, as that user and as nobody else.

The gateway gives it a signed word on whose write it is; with that word, for as long as an identity is good, it may ask
other services for the user. It can make no such word itself: the key is that of the accounts, which only the gateway
has. Whether the user is still active, and what it may, is looked up for each call.
"""

from base64 import b64decode, b64encode

import orjson
from itsdangerous import BadSignature, TimestampSigner

from gateway import authentication
from gateway.errors import GatewayError
from gateway.proxy import SAFE_METHODS
from shared.config import settings
from shared.security.identity import ACCEPTED_SECONDS, DELEGATION_HEADER, Identity, keys_of, signer

# Who has others do a part of what a user asks.
DELEGATES = frozenset({"extras"})


def header_for(app: str, method: str, identity: Identity) -> dict[str, str]:
    """What lets `app` ask others on behalf of whoever makes this write; nothing where it need not."""
    ours = _signer()
    if app not in DELEGATES or method in SAFE_METHODS or identity.user_id is None or ours is None:
        return {}
    said = {"service": app, "user": identity.user_id, "write": identity.write, "by_cookie": identity.by_cookie}
    return {DELEGATION_HEADER: ours.sign(b64encode(orjson.dumps(said))).decode()}


def resolved(header: str, service: str, number: str, app: str) -> Identity:
    """The user for whom `service` calls `app`, with its permissions there. Raises GatewayError (403, 503)."""
    ours = _signer()
    try:
        if ours is None:
            raise BadSignature("there is no key")
        said = orjson.loads(b64decode(ours.unsign(header, max_age=int(ACCEPTED_SECONDS))))
    except (BadSignature, ValueError) as error:
        raise GatewayError(403, "This was not said by this gateway, or too long ago.") from error
    row = authentication.look_up_user(said["user"], app) if said["service"] == service else None
    if row is None or not row[3]:
        raise GatewayError(403, "This service does not speak for an active user.")
    user_id, username, superuser, _, permissions, groups = row
    granted = tuple(permissions), tuple(groups)
    return Identity(user_id, username, superuser, said["write"], *granted, said["by_cookie"], service, number)


def _signer() -> TimestampSigner | None:
    setting = settings.service_keys.get("users", "")
    return signer(setting, "patchbay.delegation") if keys_of(setting) else None
