"""User keys: users set their own public key; a user with an active key can activate those of others."""

from flask import Response
from sqlalchemy import ColumnElement, Select, delete, exists, select
from sqlalchemy.orm import Session

from services.secrets import crypto
from services.secrets.models import SessionKey, UserKey
from services.secrets.resources.secrets import Secret
from services.secrets.unlocking import PrivateKey, own_master_key, private_key
from shared.api.resource import Action, Resource
from shared.api.views import found
from shared.db.advisory_locks import AdvisoryLock
from shared.db.database import database
from shared.http import request_body
from shared.http.errors import Forbidden, Protected
from shared.http.responses import json_response
from shared.references import holding
from shared.schema import representations
from shared.schema.changes import Change
from shared.security import authorization
from shared.security.authorization import caller, user_id
from shared.security.identity import Identity

ACTIVATE = "secrets.activate_userkey"
LAST_KEY = "This is the only active user key: without it nobody could read the secrets any more."


def own_key(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    """Every user sees its own key; a superuser, and who may activate keys, sees all."""
    authorization.require_user()
    return () if identity.may(ACTIVATE) else (UserKey.user_id == identity.user_id,)


def validate_user(session: Session, changes: list[Change]) -> None:
    """A user has one key, which it sets itself; one that is created without a user is for who asks."""
    for change in changes:
        owner = change.object.user_id or user_id()
        if owner != user_id() and not caller().superuser:
            change.fail("A user sets its own key only.", "user")
        elif "user_id" in change.before:
            change.fail("A key stays with its user.", "user")
        elif change.creating and session.scalar(_of_user(owner)):
            change.fail("This user has a key already.", "user")


def validate_last_active_key(session: Session, changes: list[Change]) -> None:
    """The only key that can read the secrets there are must stay."""
    losing = [each for each in changes if each.object.master_key_cipher is not None and each.changed("public_key")]
    if losing and not _another_active(session, *(each.object for each in losing)) and _any_secret(session):
        losing[-1].fail(LAST_KEY, "public_key")


def set_user(session: Session, changes: list[Change]) -> None:
    for change in changes:
        if change.object.user_id is None:
            change.object.user_id = user_id()
            holding.hold(session, UserKey, {"users.user": {user_id()}})


def set_activation(session: Session, changes: list[Change]) -> None:
    """A new key can read nothing until it is activated; the very first one makes the master key."""
    for change in changes:
        key = change.object
        if not change.changed("public_key"):
            key.is_active = key.master_key_cipher is not None
            continue
        others = any(each.object.is_active for each in changes if each is not change)
        first = not others and not _another_active(session, key) and not _any_secret(session)
        _lock_out(session, key)
        if first:
            key.master_key_cipher = crypto.wrap_master_key(crypto.new_key(), key.public_key)
            key.is_active = True


def _of_user(user_id: int) -> Select[bool]:
    return select(exists().where(UserKey.user_id == user_id))


def _another_active(session: Session, *keys: UserKey) -> bool:
    """Whether a key other than `keys` can read secrets; other requests that check the same wait meanwhile."""
    session.execute(AdvisoryLock.FIRST_USER_KEY.held())
    active = exists().where(
        UserKey.master_key_cipher.is_not(None), UserKey.id.not_in([key.id for key in keys if key.id])
    )
    return bool(session.scalar(select(active)))


def _any_secret(session: Session) -> bool:
    return bool(session.scalar(select(exists(select(Secret.id)))))


def _lock_out(session: Session, key: UserKey) -> None:
    """Deactivates a key whose public key changed: what was encrypted for the former one is useless."""
    key.master_key_cipher, key.is_active = None, False
    if key.id:
        session.execute(delete(SessionKey).where(SessionKey.userkey_id == key.id))


def on_delete_keep_active_key(session: Session, keys: list[UserKey]) -> None:
    if not caller().superuser and any(key.user_id != caller().user_id for key in keys):
        raise Forbidden
    loses = any(key.master_key_cipher for key in keys)
    if loses and not _another_active(session, *keys) and _any_secret(session):
        raise Protected(LAST_KEY, [])


def activate(resource: Resource, pk: int) -> Response:
    """Wrap the master key to the key `pk`, with the private key of a user who has it."""
    given = private_key(request_body.require_object(request_body.body()))
    with database().transaction() as session:
        master_key = own_master_key(session, caller().user_id, given)
        key = found(session, resource, pk)
        key.master_key_cipher = crypto.wrap_master_key(master_key, key.public_key)
        key.is_active = True
        session.flush()
        face = representations.write_schema(UserKey)().dump(key)
    return json_response(face)


user_keys = Resource(
    UserKey,
    filters=("user",),
    order=("user.username",),
    rules=(validate_user, validate_last_active_key),
    before_save=(set_user, set_activation),
    visible=own_key,
    unrestricted_verbs=("add", "change", "delete"),
    on_delete=(on_delete_keep_active_key,),
    actions=(
        Action(
            "activate",
            activate,
            ("POST",),
            lambda verb: ACTIVATE,
            representations.write_schema(UserKey),
            body=PrivateKey,
            summary="Activate the key",
        ),
    ),
)
