"""Changing the schema of a database that is in use: in steps, each in a transaction of its own.

Whoever waits for a lock on a table holds up all that come after. So a step waits for a tenth of a second only; what it
has done is then rolled back, and it is tried again a little later, until nobody holds the lock.
"""

import random
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from psycopg2 import errors
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

LOCK_MS = 100
PAUSE_SECONDS = (0.2, 1.0)
PATIENCE_SECONDS = 900

Say = Callable[[str], None]


class StillLocked(Exception):
    """Others held on to what a step needs, for longer than is sensible to wait. What was done before it stays."""


class Step(NamedTuple):
    """`work` is done in one transaction; `title` says what it does."""

    title: str
    work: Callable[[Connection], object]


def carry_out(engine: Engine, steps: list[Step], say: Say) -> None:
    """Do the steps one after the other. Raises StillLocked."""
    for step in steps:
        say(step.title)
        keep_trying(partial(_once, engine, step), step.title, say)


def keep_trying(work: Callable[[], object], title: str, say: Say) -> None:
    """Do `work`, again where a lock that it needs is held by others. Raises StillLocked."""
    give_up, told = time.monotonic() + PATIENCE_SECONDS, False
    while True:
        try:
            work()
            return
        except OperationalError as error:
            if not isinstance(error.orig, (errors.LockNotAvailable, errors.DeadlockDetected)):
                raise
            if time.monotonic() > give_up:
                raise StillLocked(f"{title}: others hold a lock that it needs; what was done before stays") from error
        if not told:
            say(f"{title}: waiting until nobody holds a lock that it needs")
            told = True
        time.sleep(random.uniform(*PAUSE_SECONDS))


def _once(engine: Engine, step: Step) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MS}"))
        step.work(connection)
