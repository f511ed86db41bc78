"""How often a password may be tried: counts of failures, which all gateways share in the accounts' database.

An attacker elsewhere cannot lock the owner out of an account. Failures count for a name from one address (an IPv6
address stands for its /64); failures for one name from all addresses lock out only addresses from which its owner never
logged in.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerMonth
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import CHAR, Column, DateTime, Integer, Table, case, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from gateway.users.base import Base
from shared.db.database import database
from shared.http.errors import ApiError

FOR_USER_FROM_ADDRESS = RateLimitItemPerMinute(5, namespace="user-address")
FROM_ADDRESS = RateLimitItemPerMinute(60, namespace="address")
FOR_USER = RateLimitItemPerMinute(100, namespace="user")
SEEN = RateLimitItemPerMonth(1, namespace="seen")  # no limit: a month's memory of where a user logged in
RETRY_SECONDS = 60
FORGOTTEN_AT_ONCE = 2

counts = Table(
    "users_attempt_count",
    Base.metadata,
    Column("key", CHAR(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires", DateTime(timezone=True), nullable=False, index=True),
)
_now = func.clock_timestamp()


class TooManyAttempts(ApiError):
    """Somebody may be guessing."""

    status = 429

    def __init__(self) -> None:
        super().__init__("Too many attempts to log in; try again later.", {"Retry-After": str(RETRY_SECONDS)})


@contextmanager
def attempt(username: str, address: str) -> Iterator[None]:
    """Within, one password is tried for `username`; it counts as failed until this ends without an error.

    It counts before it is checked, so that guessing in parallel gains nothing. Raises TooManyAttempts.
    """
    network = _network(address)
    wanted: list[tuple[RateLimitItem, tuple[str, ...]]] = [
        (FOR_USER_FROM_ADDRESS, (username, network)),
        (FROM_ADDRESS, (network,)),
    ]
    if _limiter.test(SEEN, username, network):
        wanted.append((FOR_USER, (username,)))
    for item, who in wanted:
        if not _limiter.hit(item, *who):
            raise TooManyAttempts
    yield
    for item, who in wanted:
        _limiter.hit(item, *who, cost=-1)
    _limiter.hit(SEEN, username, network)


def _network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)


class CountsInDatabase(Storage):
    """What `limits` counts, in a table; keys are kept as digests, for somebody may have typed a password for a name."""

    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """The count of `key` with `amount` more; it begins anew `expiry` seconds after it began."""
        old = select(counts.c.key).where(counts.c.expires < _now).limit(FORGOTTEN_AT_ONCE)
        new = insert(counts).values(key=_digest(key), count=max(amount, 0), expires=_now + timedelta(seconds=expiry))
        over = counts.c.expires < _now
        counted = new.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "count": case((over, new.excluded.count), else_=func.greatest(counts.c.count + amount, 0)),
                "expires": case((over, new.excluded.expires), else_=counts.c.expires),
            },
        ).returning(counts.c.count)
        with database().reading() as connection:
            connection.execute(delete(counts).where(counts.c.key.in_(old.with_for_update(skip_locked=True))))
            count: int = connection.execute(counted).scalar_one()
            return count

    def get(self, key: str) -> int:
        """The count of `key`."""
        with database().reading() as connection:
            found = select(counts.c.count).where(counts.c.key == _digest(key), counts.c.expires >= _now)
            return connection.scalar(found) or 0

    def get_expiry(self, key: str) -> float:
        """When the count of `key` ends, in seconds of the epoch."""
        with database().reading() as connection:
            found = select(func.extract("epoch", counts.c.expires)).where(counts.c.key == _digest(key))
            return float(connection.scalar(found) or 0)

    def check(self) -> bool:
        """Whether the counts can be had."""
        self.get("")
        return True

    def reset(self) -> int:
        """Forget everything; how much that was."""
        with database().reading() as connection:
            return connection.execute(delete(counts)).rowcount

    def clear(self, key: str) -> None:
        """Forget `key`."""
        with database().reading() as connection:
            connection.execute(delete(counts).where(counts.c.key == _digest(key)))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


_limiter = FixedWindowRateLimiter(CountsInDatabase())
