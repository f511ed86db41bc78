"""Browser sessions: one ends when its user logs out or changes the password, even if somebody copied its cookie."""

from datetime import timedelta

from sqlalchemy import CHAR, Column, DateTime, ForeignKey, Table, delete, func, insert
from sqlalchemy.orm import Session

from gateway.users.base import Base
from gateway.users.keys import digest, new_key
from shared.db.database import database

LIFETIME = timedelta(hours=12)

sessions = Table(
    "users_session",
    Base.metadata,
    Column("digest", CHAR(64), primary_key=True),
    Column("user_id", ForeignKey("users_user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires", DateTime(timezone=True), nullable=False, index=True),
)


def begin(session: Session, user_id: int) -> str:
    """The key of a new session; those that have expired are forgotten."""
    key = new_key()
    session.execute(delete(sessions).where(sessions.c.expires < func.now()))
    session.execute(insert(sessions).values(digest=digest(key), user_id=user_id, expires=func.now() + LIFETIME))
    return key


def end(key: str) -> None:
    with database().transaction() as session:
        session.execute(delete(sessions).where(sessions.c.digest == digest(key)))


def end_all(session: Session, user_id: int) -> None:
    """End every session of a user."""
    session.execute(delete(sessions).where(sessions.c.user_id == user_id))
