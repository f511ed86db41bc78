"""Token keys: 40 hexadecimal digits that only their owner keeps; the database knows their SHA-256."""

import hashlib
import re
import secrets

_KEY = re.compile(r"[0-9a-fA-F]{40}")


def new_key() -> str:
    return secrets.token_hex(20)


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def checked(key: str) -> str:
    """`key` itself. Raises ValueError, without repeating it, when it is no token key."""
    if not _KEY.fullmatch(key):
        raise ValueError("a token is 40 hexadecimal digits")
    return key
