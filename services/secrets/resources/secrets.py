"""Secrets: passwords and the like of devices. Their plaintext is stored encrypted, and shown to whom its role says."""

import logging
from base64 import b64decode
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, String, func, select
from sqlalchemy.orm import Session, mapped_column

from services.secrets import crypto
from services.secrets.base import Base
from services.secrets.resources.secret_roles import SecretRole
from services.secrets.unlocking import keep_master_key, session_master_key
from shared import JsonObject
from shared.api.resource import Resource
from shared.http.errors import BadRequest
from shared.schema import fields
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, PROTECT, Tracked, column, reference, text, transient
from shared.security import authorization
from shared.security.authorization import caller
from shared.security.identity import Identity

log = logging.getLogger(__name__)


def sealed(secret: Any) -> ColumnElement[Any]:
    """The ciphertext, and who may read what is in it: all that opening it needs."""
    return func.json_build_object(
        "ciphertext",
        func.encode(secret.ciphertext, "base64"),
        "users",
        _members(SecretRole.users, secret.role_id),
        "groups",
        _members(SecretRole.groups, secret.role_id),
    )


def _members(members: Any, role_id: Any) -> ColumnElement[Any]:
    table = members.property.secondary
    return select(func.json_agg(table.c.target_id)).where(table.c.owner_id == role_id).scalar_subquery()


class Secret(Base, Tracked):
    path = "secrets"
    nested = ("name",)

    device_id = reference("dcim.device", on_delete=CASCADE)
    role_id = reference("secrets.secretrole", on_delete=PROTECT)
    name = text(100, blank=True)
    plaintext = transient(fields.Text(allow_none=True), sealed, required=True)
    hash = column(String(128), fields.Text(dump_only=True))
    ciphertext = mapped_column(LargeBinary, nullable=False)


def device_name() -> ColumnElement[Any]:
    device = Secret.model_of("dcim.device")
    return select(device.name).where(device.id == Secret.device_id).scalar_subquery()


def visible(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    """Every user sees that a secret exists; an invalid session key is refused in any request."""
    authorization.require_user()
    session_master_key()
    return ()


def readable(users: Collection[int], groups: Collection[int]) -> bool:
    identity = caller()
    return identity.superuser or identity.user_id in users or not set(identity.groups).isdisjoint(groups)


def validate_role_change(session: Session, changes: list[Change]) -> None:
    """A user who may not read a secret cannot move it to a role whose secrets that user may read."""
    for change in changes:
        if "role_id" in change.before:
            role = session.get_one(SecretRole, change.before["role_id"])
            if not readable({user.id for user in role.users}, {group.id for group in role.groups}):
                change.fail("Only who may read this secret may give it another role.", "role")


def set_ciphertext(session: Session, changes: list[Change]) -> None:
    """Encrypts the plaintexts. A null, which a client gets who may not read the secret, leaves it unchanged."""
    for change in changes:
        if change.creating and change.values["plaintext"] is None:
            change.fail(fields.NULL, "plaintext")
    changes = [change for change in changes if change.values.get("plaintext") is not None]
    if not changes:
        return
    master_key = session_master_key()
    if master_key is None:
        raise BadRequest("A session key is needed to encrypt the secret.")
    keep_master_key(session)
    for change in changes:
        try:
            change.object.ciphertext, change.object.hash = crypto.encrypt_secret(change.object.plaintext, master_key)
        except crypto.PlaintextTooLong as error:
            change.fail(str(error), "plaintext")


def decrypt(faces: list[JsonObject]) -> None:
    master_key = session_master_key()
    for face in faces:
        secret = face["plaintext"]
        face["plaintext"] = None
        if master_key is not None and readable(secret["users"] or (), secret["groups"] or ()):
            face["plaintext"] = _opened(face, secret["ciphertext"], master_key)


def _opened(face: JsonObject, ciphertext: str, master_key: bytes) -> str | None:
    """The plaintext; None if another master key encrypted it, so that one such secret does not fail the whole list."""
    try:
        return crypto.decrypt_secret(b64decode(ciphertext), face["hash"], master_key)
    except (crypto.UndecryptableSecret, UnicodeDecodeError):
        log.error("secret %d cannot be decrypted", face["id"])
        return None


secrets = Resource(
    Secret,
    filters=("name", "role", "device"),
    search=("name", device_name()),
    order=("device.name", "role.name", "name"),
    unique=(("device", "role", "name"),),
    rules=(validate_role_change,),
    before_save=(set_ciphertext,),
    visible=visible,
    postprocess=decrypt,
    note="What is secret is shown to whoever has a session key: /api/secrets/get-session-key/ gives one for the "
    "private key of a user whose key is active. A browser keeps it as a cookie until it is closed.",
)
