"""Logging in with a password, and how often that may be tried."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import BigInteger, Column, DateTime, String, Table, delete, func, insert, select, update
from sqlalchemy.orm import Session

from gateway.users import passwords
from gateway.users.base import Base
from gateway.users.resources.users import User
from shared.db.database import database
from shared.http.errors import ApiError, Forbidden

WINDOW = timedelta(minutes=1)
MOST_FROM_ADDRESS = 60
MOST_FOR_USER = 100
MOST_FOR_USER_FROM_ADDRESS = 5
WRONG = "Invalid username or password."

attempts = Table(
    "users_attempt",
    Base.metadata,
    Column("id", BigInteger, primary_key=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("tried", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp(), index=True),
)


class TooManyAttempts(ApiError):
    """Somebody may be guessing."""

    status = 429

    def __init__(self) -> None:
        seconds = int(WINDOW.total_seconds())
        super().__init__("Too many attempts to log in; try again later.", {"Retry-After": str(seconds)})


@contextmanager
def log_in(username: str, password: str, address: str) -> Iterator[tuple[Session, User]]:
    """A transaction, and in it the active user of that name and password, who gets no other before it ends.

    An attempt counts before it is checked, so that guessing in parallel gains nothing; one that succeeds does not.
    Raises Forbidden or TooManyAttempts.
    """
    tried = _record(username, address)
    with database().reading() as connection:
        row = connection.execute(
            select(User.id, User.password_hash, User.is_active).where(User.username == username)
        ).one_or_none()
    matching = passwords.matches(password, row.password_hash if row else None)
    if row is None or not matching or not row.is_active:
        raise Forbidden(WRONG)
    with database().transaction() as session:
        session.execute(delete(attempts).where(attempts.c.id.in_(tried)))
        same = update(User).where(User.id == row.id, User.password_hash == row.password_hash)
        user = session.scalar(same.values(last_login=func.now()).returning(User))
        if user is None:
            raise Forbidden(WRONG)
        yield session, user


def _record(username: str, address: str) -> list[int]:
    """The ids of a new attempt. Raises TooManyAttempts."""
    limits = {
        _subject(address): MOST_FROM_ADDRESS,
        _subject(username, ""): MOST_FOR_USER,
        _subject(username, address): MOST_FOR_USER_FROM_ADDRESS,
    }
    since = func.clock_timestamp() - WINDOW
    with database().reading() as connection:
        connection.execute(delete(attempts).where(attempts.c.tried < since))
        rows = insert(attempts).values([{"subject": subject} for subject in limits]).returning(attempts.c.id)
        tried = list(connection.scalars(rows))
        counts = connection.execute(
            select(attempts.c.subject, func.count())
            .where(attempts.c.subject.in_(limits), attempts.c.tried >= since)
            .group_by(attempts.c.subject)
        )
        if any(count > limits[subject] for subject, count in counts.all()):
            connection.execute(delete(attempts).where(attempts.c.id.in_(tried)))
            raise TooManyAttempts
    return tried


def _subject(*parts: str) -> str:
    """What is counted, as a digest: somebody may have typed a password for a name."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
