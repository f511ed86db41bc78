"""Users: everyone who may be asking. A user manages its own names and password, superusers everything."""

from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Text, exists, func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, mapped_column

from gateway.users import passwords
from gateway.users.attempts import attempt
from gateway.users.base import Base
from gateway.users.permissions import permissions, validate_permissions
from gateway.users.resources.groups import Group
from gateway.users.sessions import end_all
from shared.api.resource import Resource
from shared.db.advisory_locks import AdvisoryLock
from shared.http.errors import Forbidden, Protected
from shared.schema import fields, parsing
from shared.schema.changes import Change
from shared.schema.columns import boolean, date_time, email, references, text, transient
from shared.security import authorization
from shared.security.authorization import caller
from shared.security.identity import Identity

OWN = {"password", "old_password", "first_name", "last_name", "email"}
LAST_SUPERUSER = "This is the last active superuser: nobody could manage the accounts any more."


class Password(fields.Text):
    """A password, as it is: no space is dropped, and no reply shows it."""

    LONGEST = 1024

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_only=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Not a valid string.")
        if not value:
            raise ValidationError(fields.BLANK)
        if len(value) > self.LONGEST or not parsing.encodable(value):
            raise ValidationError(f"A password has at most {self.LONGEST} characters.")
        return value


class User(Base):
    found_by = ("username",)

    username = text(150, unique=True)
    password = transient(Password(), required=True)
    old_password = transient(Password())
    password_hash = mapped_column(Text, nullable=False)
    first_name = text(150, blank=True, server_default="")
    last_name = text(150, blank=True, server_default="")
    email = email(server_default="")
    is_active = boolean(True, server_default=sql("true"))
    is_superuser = boolean(False, server_default=sql("false"))
    groups = references(Group.label)
    permissions = permissions()
    date_joined = date_time(automatic=True, server_default=func.now())
    last_login = date_time(null=True, automatic=True)


def own_account(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    """A superuser sees every account, others their own."""
    authorization.require_user()
    return () if identity.superuser else (User.id == identity.user_id,)


def validate_privileges(session: Session, changes: list[Change]) -> None:
    if caller().superuser:
        return
    for change in changes:
        for name in change.before.keys() - OWN:
            change.fail("Only a superuser may change this.", name)


def validate_last_superuser(session: Session, changes: list[Change]) -> None:
    for change in changes:
        lost = [name for name in ("is_superuser", "is_active") if change.before.get(name)]
        if lost and not _another_superuser(session, {change.object.id}):
            change.fail(LAST_SUPERUSER, lost[0])


def on_delete_keep_superuser(session: Session, users: list[User]) -> None:
    loses = any(user.is_superuser and user.is_active for user in users)
    if loses and not _another_superuser(session, {user.id for user in users}):
        raise Protected(LAST_SUPERUSER, [])


def _another_superuser(session: Session, ids: set[int]) -> bool:
    """Whether there is one besides the users `ids`; whoever else wants to know waits for this transaction."""
    session.execute(AdvisoryLock.SUPERUSERS.held())
    return bool(session.scalar(select(exists().where(User.is_superuser, User.is_active, User.id.not_in(ids)))))


def validate_old_password(session: Session, changes: list[Change]) -> None:
    """A token or a session that was stolen is not enough to take an account over. Raises TooManyAttempts."""
    if caller().superuser:
        return
    for change in changes:
        if "password" in change.values and not _is_present_password(change.object, change.values.get("old_password")):
            change.fail("To change the password, give the present one here.", "old_password")


def _is_present_password(user: User, given: str | None) -> bool:
    if given is None:
        return False
    try:
        with attempt(user.username, request.remote_addr or ""):
            if not passwords.matches(given, user.password_hash):
                raise Forbidden
    except Forbidden:
        return False
    return True


def set_password_hashes(session: Session, changes: list[Change]) -> None:
    for change in changes:
        if "password" in change.values:
            set_password(session, change.object, change.object.password)


def set_password(session: Session, user: User, password: str) -> None:
    """Give the user another password, which ends every session that the former one began; a log-in waits meanwhile."""
    if user.id:
        session.execute(select(User.id).where(User.id == user.id).with_for_update())
        end_all(session, user.id)
    user.password_hash = passwords.hashed(password)


users = Resource(
    User,
    filters=("username", "email", "is_active", "is_superuser", "groups"),
    search=("username", "first_name", "last_name", "email"),
    order=("username",),
    rules=(validate_privileges, validate_permissions, validate_last_superuser, validate_old_password),
    before_save=(set_password_hashes,),
    visible=own_account,
    unrestricted_verbs=("change",),
    on_delete=(on_delete_keep_superuser,),
)
