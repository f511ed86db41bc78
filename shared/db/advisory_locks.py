"""Every advisory lock that Patchbay takes, in one place: two uses of one number would wait for each other.

The locks of one database are its own; still no number stands for two things, whichever database it is taken in.
"""

from enum import IntEnum, unique
from typing import Any

from sqlalchemy import Select, func, select


@unique
class AdvisoryLock(IntEnum):
    """The key of each lock. A number that was given out keeps its meaning: the previous release takes it as well."""

    MIGRATION = 7_326_000
    DEPENDENT_FACTS = 7_326_001
    ROW_COUNTS = 7_326_002
    FIRST_USER_KEY = 7_326_003
    REGION_TREE = 7_326_004
    SUPERUSERS = 7_326_005
    REFERENCE_NUMBERS = 7_326_006

    def held(self) -> Select[Any]:
        """The statement that waits for this lock and keeps it until the transaction ends."""
        return select(func.pg_advisory_xact_lock(int(self)))

    def kept(self) -> Select[Any]:
        """The statement that waits for this lock and keeps it for as long as the connection lasts."""
        return select(func.pg_advisory_lock(int(self)))

    def shared(self) -> Select[Any]:
        """The same, together with others who take it shared."""
        return select(func.pg_advisory_xact_lock_shared(int(self)))


# The first of two keys; the second is the id of the VRF whose address space is changed (services/ipam/vrf_locks.py).
VRF_LOCKS = 7326
# The first of two keys; the second is made of the name of the holder whose delivery is read (references/delivering.py).
DELIVERY_LOCKS = 7327
# The first of two keys; the second is made of an idempotency key and its user (shared/security/idempotency.py).
IDEMPOTENCY_LOCKS = 7328
