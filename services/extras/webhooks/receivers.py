"""What a webhook says of its receiver: where it is, and the secret that both know."""

import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError

from services.extras.webhooks import addresses, signing
from shared.schema import fields

_VISIBLE = re.compile(r"[!-~]+")
_HOST = re.compile(r"[\w.-]+|[\da-f:.]+(%\w+)?", re.ASCII)


class ReceiverURL(fields.Text):
    """The address of a receiver: HTTP or HTTPS, and nothing in it that is not sent."""

    def check(self, text: str) -> str:
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValidationError("Enter a valid URL.") from None
        if not (_VISIBLE.fullmatch(text) and parts.scheme in ("http", "https") and _HOST.fullmatch(host) and port != 0):
            raise ValidationError("Enter a valid URL: http:// or https://, and a name or an address in ASCII.")
        if parts.username is not None or parts.fragment:
            raise ValidationError("The address has no user, no password and no fragment.")
        if _is_closed(host):
            raise ValidationError("Webhooks may not go to this address (WEBHOOKS_ALLOWED).")
        return text


def _is_closed(host: str) -> bool:
    """Whether a host is an address that webhooks may not go to; names are resolved when they are needed."""
    try:
        return not addresses.is_allowed(addresses.read(host))
    except ValueError:
        return False


class HookSecret(fields.Text):
    """What requests are signed with; no reply shows it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(255, blank=True, load_only=True, **kwargs)

    def check(self, text: str) -> str:
        try:
            key = signing.key_of(text)
        except ValueError:
            key = b""
        if text and not key:
            raise ValidationError(f'After "{signing.BASE64_KEY}" the secret is Base64.')
        return text
