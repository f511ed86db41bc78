"""Logging in with a password."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import BigInteger, Column, DateTime, String, Table, func, select, update
from sqlalchemy.orm import Session

from gateway.users import passwords
from gateway.users.attempts import attempt
from gateway.users.base import Base
from gateway.users.resources.users import User
from shared.db.database import database
from shared.http.errors import Forbidden

WRONG = "Invalid username or password."

# Where the release before counts attempts: it may still run beside this one. The next release drops it.
attempts = Table(
    "users_attempt",
    Base.metadata,
    Column("id", BigInteger, primary_key=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("tried", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp(), index=True),
)


@contextmanager
def log_in(username: str, password: str, address: str) -> Iterator[tuple[Session, User]]:
    """A transaction with the active user who has that name and password; the password cannot change before it ends.

    Raises Forbidden or TooManyAttempts.
    """
    with attempt(username, address):
        with database().reading() as connection:
            row = connection.execute(
                select(User.id, User.password_hash, User.is_active).where(User.username == username)
            ).one_or_none()
        matching = passwords.matches(password, row.password_hash if row else None)
        if row is None or not matching or not row.is_active:
            raise Forbidden(WRONG)
    with database().transaction() as session:
        same = update(User).where(User.id == row.id, User.password_hash == row.password_hash)
        user = session.scalar(same.values(last_login=func.now()).returning(User))
        if user is None:
            raise Forbidden(WRONG)
        yield session, user
