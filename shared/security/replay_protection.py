"""Replays: a write that somebody saw on the network cannot be sent to a service once more.

The first transaction of a request that writes records the number of its identity, and commits it with what it wrote.
Numbers are forgotten when the identity would be too old anyway.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import has_app_context
from sqlalchemy.orm import Session

from shared.db import prepared
from shared.http.context import context
from shared.http.errors import Forbidden
from shared.security.identity import ACCEPTED_SECONDS, Identity

SAFE = {"GET", "HEAD", "OPTIONS"}

# Each write deletes at most two expired numbers and skips locked ones, so nobody waits and they do not pile up.
_SPEND = f"""
WITH old AS (
    SELECT number FROM identity_spent WHERE spent < clock_timestamp() - interval '{2 * ACCEPTED_SECONDS} seconds'
    LIMIT 2 FOR UPDATE SKIP LOCKED
), forgotten AS (DELETE FROM identity_spent USING old WHERE identity_spent.number = old.number)
INSERT INTO identity_spent (number) VALUES ($1) ON CONFLICT DO NOTHING RETURNING set_config($2, $3, true)
"""


def arm(identity: Identity, method: str) -> None:
    """Called before a request is answered: one that may write is accepted only once."""
    if method not in SAFE:
        context().nonce = identity.number


def exempt() -> None:
    """Lets this request be repeated: doing it twice does no harm, and it is too frequent to record each one."""
    context().nonce = None


@contextmanager
def guard(session: Session, setting: str, value: Callable[[], str]) -> Iterator[None]:
    """Guards a transaction: the first of a request records its nonce. Raises Forbidden if it was used before.

    By the same statement the transaction gets a setting, as `session.info` then has it.
    """
    number = context().nonce if has_app_context() else None
    if number is not None:
        context().nonce = None
    try:
        if number is not None:
            values = (number, setting, value())
            if not prepared.execute(session.connection(), "spend_identity", _SPEND, values):
                raise Forbidden("This request was answered before.")
            session.info[setting] = values[-1]
        yield
    except BaseException:
        if number is not None:
            context().nonce = number
        raise
