"""Tokens: the keys by which programs ask in the name of a user, who manages its own."""

from sqlalchemy import CHAR, Boolean, ColumnElement, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, mapped_column

from gateway.users.base import Base
from gateway.users.keys import digest, new_key
from shared.api.resource import Resource
from shared.schema import fields
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, boolean, date_time, reference, text, transient
from shared.security import authorization
from shared.security.authorization import caller
from shared.security.identity import Identity


class Token(Base):
    path = "tokens"
    nested = ()
    logged = False

    user_id = reference("users.user", on_delete=CASCADE, required=False)
    created = date_time(automatic=True, server_default=func.now())
    expires = date_time(null=True)
    key_ = transient(fields.Text(dump_only=True, allow_none=True))
    digest = mapped_column(CHAR(64), nullable=False, unique=True)
    write_enabled = boolean(True, server_default=sql("true"))
    description = text(100, blank=True, server_default="")
    lent = mapped_column(Boolean, nullable=False, default=False, server_default=sql("false"))


def own_tokens(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    """A superuser sees every token, others their own."""
    authorization.require_user()
    return () if identity.superuser else (Token.user_id == identity.user_id,)


def validate_user(session: Session, changes: list[Change]) -> None:
    """A token is of who makes it, unless a superuser says otherwise, and stays with its user."""
    for change in changes:
        if not caller().superuser and change.object.user_id not in (None, caller().user_id):
            change.fail("Only a superuser may make a token for somebody else.", "user")
        elif "user_id" in change.before:
            change.fail("A token stays with its user.", "user")


def set_user(session: Session, changes: list[Change]) -> None:
    for change in changes:
        if change.object.user_id is None:
            change.object.user_id = caller().user_id


def set_keys(session: Session, changes: list[Change]) -> None:
    """Only the reply to this very request has the key: the database knows a digest of it."""
    for change in changes:
        if change.creating:
            change.object.key_ = new_key()
            change.object.digest = digest(change.object.key_)


tokens = Resource(
    Token,
    filters=("user", "write_enabled"),
    order=(),
    rules=(validate_user,),
    before_save=(set_user, set_keys),
    visible=own_tokens,
    unrestricted_verbs=("add", "change", "delete"),
    base_conditions=(Token.lent.is_(False),),
)
