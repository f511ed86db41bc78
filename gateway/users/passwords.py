"""Passwords: stored as argon2 hashes, and checked in the same time whether there is such a user or not."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# Each hash takes 19 MiB: few at a time, or a flood of log-ins takes all memory.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_turns = BoundedSemaphore(4)


def hashed(password: str) -> str:
    with _turns:
        return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether `stored` is a hash of the password; None, for nobody's, takes as long to refuse."""
    with _turns:
        try:
            return _hasher.verify(stored or _nobodys(), password) and stored is not None
        except (Argon2Error, InvalidHashError):
            return False


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody's")
