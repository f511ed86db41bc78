"""What an administrator does to accounts from the command line, for when nobody is left who could use the API."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.users.keys import digest, new_key
from gateway.users.passwords import hashed
from gateway.users.resources import users
from gateway.users.resources.tokens import Token
from gateway.users.resources.users import User
from shared.schema.models import Record


class AccountError(Exception):
    """What was asked for makes no sense; the text says why."""


def add_user(session: Session, username: str, password: str, **given: object) -> User:
    """A new user. Raises AccountError."""
    if session.scalar(select(User.id).where(User.username == username)):
        raise AccountError(f"there is a user {username} already")
    sent = {"username": username, "password": password, **given}
    values = {name: _checked(name, value) for name, value in sent.items()}
    user = User(password_hash=hashed(values.pop("password")), **values)
    session.add(user)
    session.flush()
    return user


def set_password(session: Session, username: str, password: str) -> None:
    """Raises AccountError."""
    users.set_password(session, _user(session, username), _checked("password", password))


def add_token(session: Session, username: str, write_enabled: bool, expires: datetime | None, description: str) -> str:
    """The key of a new token; `expires` is in UTC. Raises AccountError."""
    key = new_key()
    session.add(
        Token(
            user_id=_user(session, username).id,
            digest=digest(key),
            write_enabled=write_enabled,
            expires=expires and expires.replace(tzinfo=UTC),
            description=_checked("description", description, Token),
        )
    )
    return key


def tokens_of(session: Session, username: str) -> list[Token]:
    """Raises AccountError."""
    mine = select(Token).where(Token.user_id == _user(session, username).id)
    return list(session.scalars(mine.order_by(Token.id)))


def revoke_token(session: Session, token_id: int) -> None:
    """Raises AccountError."""
    token = session.get(Token, token_id)
    if token is None:
        raise AccountError(f"there is no token {token_id}")
    session.delete(token)


def _user(session: Session, username: str) -> User:
    user = session.scalar(select(User).where(User.username == username))
    if user is None:
        raise AccountError(f"there is no user {username}")
    return user


def _checked(name: str, value: object, model: type[Record] = User) -> Any:
    """The value as the field of the API takes it."""
    try:
        return model.attributes[name].field.deserialize(value)
    except ValidationError as error:
        raise AccountError(f"{name}: {' '.join(error.messages)}") from error
