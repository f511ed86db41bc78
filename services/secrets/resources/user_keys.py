"""User keys: a user sets its own public key; who may already read secrets lets others read them."""

from flask import g
from sqlalchemy import delete, exists, select
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
from shared.security import authorization

ACTIVATE = "secrets.activate_userkey"
LAST_KEY = "This is the only active user key: without it nobody could read the secrets any more."


def own_key(identity):
    """Every user sees its own key; a superuser, and who may activate keys, sees all."""
    authorization.require_user()
    return () if identity.may(ACTIVATE) else (UserKey.user_id == identity.user_id,)


def belong_to_their_user(session: Session, changes: list) -> None:
    for change in changes:
        if change.creating and change.object.user_id is None:
            change.object.user_id = g.identity.user_id
            holding.hold(session, UserKey, {"users.user": {g.identity.user_id}})
        if change.object.user_id != g.identity.user_id and not g.identity.superuser:
            change.fail("A user sets its own key only.", "user")
        elif "user_id" in change.before:
            change.fail("A key stays with its user.", "user")
        elif change.creating and session.scalar(_of_user(change.object.user_id)):
            change.fail("This user has a key already.", "user")


def activate_the_first(session: Session, changes: list) -> None:
    """A new key can read nothing until it is activated; the very first one makes the master key."""
    for change in changes:
        key = change.object
        if not change.changed("public_key"):
            key.is_active = key.master_key_cipher is not None
        elif _another_active(session, key) or any(each.object.is_active for each in changes if each is not change):
            _lock_out(session, key)
        elif _any_secret(session):
            _keep_locked_in(session, change)
        else:
            _lock_out(session, key)
            key.master_key_cipher = crypto.wrap_master_key(crypto.new_key(), key.public_key)
            key.is_active = True


def _of_user(user_id: int):
    return select(exists().where(UserKey.user_id == user_id))


def _another_active(session: Session, key: UserKey) -> bool:
    """Whether somebody else can read secrets; whoever else wants to know waits for this transaction."""
    session.execute(AdvisoryLock.FIRST_USER_KEY.held())
    active = exists().where(UserKey.master_key_cipher.is_not(None), UserKey.id.is_distinct_from(key.id))
    return session.scalar(select(active))


def _any_secret(session: Session) -> bool:
    return session.scalar(select(exists(select(Secret.id))))


def _lock_out(session: Session, key: UserKey) -> None:
    """Nothing that was wrapped to the former public key is of use any more."""
    key.master_key_cipher, key.is_active = None, False
    if key.id:
        session.execute(delete(SessionKey).where(SessionKey.userkey_id == key.id))


def _keep_locked_in(session: Session, change) -> None:
    """There are secrets and nobody else reads them: the key that does must stay."""
    if change.object.master_key_cipher:
        change.fail(LAST_KEY, "public_key")
    _lock_out(session, change.object)


def keep_an_active_key(session: Session, key: UserKey) -> None:
    if key.user_id != g.identity.user_id and not g.identity.superuser:
        raise Forbidden
    if key.master_key_cipher and not _another_active(session, key) and _any_secret(session):
        raise Protected(LAST_KEY, [])


def activate(resource: Resource, pk: int):
    """Wrap the master key to the key `pk`, with the private key of a user who has it."""
    given = private_key(request_body.require_object(request_body.body()))
    with database().transaction() as session:
        master_key = own_master_key(session, g.identity.user_id, given)
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
    rules=(belong_to_their_user, activate_the_first),
    visible=own_key,
    unrestricted_verbs=("add", "change", "delete"),
    on_delete=(keep_an_active_key,),
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
