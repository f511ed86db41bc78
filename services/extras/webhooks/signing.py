"""The headers by which a receiver knows who sent what it got, and when: NetBox's, and those of Standard Webhooks."""

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256, sha512

# Standard Webhooks write the bytes of a key in Base64 after this.
BASE64_KEY = "whsec_"


def key_of(secret: str) -> bytes:
    """The bytes that Standard Webhooks sign with. Raises ValueError for what only looks like a key in Base64."""
    if secret.startswith(BASE64_KEY):
        return b64decode(secret.removeprefix(BASE64_KEY), validate=True)
    return secret.encode()


def headers(secret: str, event_id: str, moment: int, body: bytes) -> dict[str, str]:
    """The headers of a request that is sent at `moment`, in seconds since 1970; no signature without a `secret`."""
    named = {"webhook-id": event_id, "webhook-timestamp": str(moment)}
    if not secret:
        return named
    signed = b".".join((event_id.encode(), str(moment).encode(), body))
    signature = b64encode(hmac.digest(key_of(secret), signed, sha256)).decode()
    return {
        **named,
        "webhook-signature": f"v1,{signature}",
        "X-Hook-Signature": hmac.digest(secret.encode(), body, sha512).hex(),
    }
