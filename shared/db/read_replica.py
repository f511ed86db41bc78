"""A streaming replica that answers reads, but never with less than what was committed before (docs/adr/0016).

Whoever reads asks the primary first how far its log is; the replica serves as soon as it has applied that. One that is
behind, away, or no replica of this primary is left out for a while, and the primary serves. So is one that has yet to
follow a primary that was a standby: it may have applied what that never had, and seem further.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.db import timelines

# How long a read waits for the replica, and how long nobody waits for one that took longer, or that failed.
CATCH_UP_SECONDS = 0.05
PAUSE_SECONDS = 0.001
BEHIND_SECONDS = 1.0
FAILED_SECONDS = 5.0

# What is acknowledged is flushed.
_POSITION = text(f"SELECT CAST(pg_current_wal_flush_lsn() AS text), {timelines.WRITTEN}")
_SYSTEM = text("SELECT system_identifier FROM pg_control_system()")
_APPLIED = text(
    "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)"
    f" AND {timelines.APPLIED} = :timeline"
)
_FAILURES = (DBAPIError, PoolTimeout)


class LogPosition(NamedTuple):
    """How far the log of a primary is: a position in it, which means something in its timeline only."""

    position: str
    timeline: int


class ReadReplica:
    """The replica behind `engine`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._left_out_until = 0.0
        self._system: int | None = None

    @property
    def is_left_out(self) -> bool:
        return time.monotonic() < self._left_out_until

    def position(self, primary: Connection) -> LogPosition:
        """How far the log of the primary is, with all that it has acknowledged."""
        if self._system is None:
            self._system = primary.scalar(_SYSTEM)
        return LogPosition(*primary.execute(_POSITION).one())

    @contextmanager
    def at(self, position: LogPosition) -> Iterator[Connection | None]:
        """A connection that shows all up to `position`; None if there is none soon. A failure within leaves it out."""
        connection = self._caught_up(position)
        try:
            yield connection
        except DBAPIError:
            if connection is not None:
                self._leave_out(FAILED_SECONDS)
            raise
        finally:
            if connection is not None:
                connection.close()

    def _leave_out(self, seconds: float) -> None:
        """Have the primary serve for a while."""
        self._left_out_until = time.monotonic() + seconds

    def forget_primary(self) -> None:
        """What is connected to next may be another primary."""
        self._system = None

    def _caught_up(self, position: LogPosition) -> Connection | None:
        try:
            connection = self.engine.connect()
        except _FAILURES:
            self._leave_out(FAILED_SECONDS)
            return None
        seconds = BEHIND_SECONDS
        try:
            if self._belongs(connection) and self._applies(connection, position):
                return connection
        except DBAPIError:
            seconds = FAILED_SECONDS
        connection.close()
        self._leave_out(seconds)
        return None

    def _belongs(self, connection: Connection) -> bool:
        """Whether it is a copy of the primary: positions in the logs of others mean nothing."""
        known = connection.info
        if "system" not in known:
            known["system"] = connection.scalar(_SYSTEM)
        return bool(known["system"] == self._system)

    def _applies(self, connection: Connection, position: LogPosition) -> bool:
        give_up = time.monotonic() + CATCH_UP_SECONDS
        while not connection.scalar(_APPLIED, position._asdict()):
            if time.monotonic() > give_up:
                return False
            time.sleep(PAUSE_SECONDS)
        return True
