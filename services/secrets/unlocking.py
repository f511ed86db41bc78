"""How a request gets the master key: with the private key of its user, or with a session key."""

from base64 import b64decode
from dataclasses import dataclass

from flask import Response, after_this_request, request
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from services.secrets import crypto
from services.secrets.models import SessionKey, UserKey
from shared import JsonObject
from shared.db.database import database
from shared.http.context import of_request
from shared.http.errors import BadRequest
from shared.schema import fields
from shared.schema.representations import BaseSchema
from shared.security.authorization import caller
from shared.security.session_key import COOKIE, HEADER

INVALID = "The session key is invalid."


@dataclass
class OpenedSession:
    """What the session key of this request has opened: once `tried`, the master key, and the row that has it."""

    tried: bool = False
    master_key: bytes | None = None
    stored: "Row[bytes, str] | None" = None


class PrivateKey(BaseSchema):
    """What opens the master key of the user who sends it."""

    private_key = fields.Text(required=True)


def private_key(sent: JsonObject) -> str:
    """The private key that was sent. Raises BadRequest."""
    given = sent.get("private_key")
    if not isinstance(given, str) or not given.strip():
        raise BadRequest("A private key is needed.")
    return given


def own_master_key(session: Session, user_id: int | None, given: str) -> bytes:
    """The master key that a user's private key opens. Raises BadRequest."""
    key = session.scalar(select(UserKey).where(UserKey.user_id == user_id).with_for_update(key_share=True))
    if key is None:
        raise BadRequest("You have no user key.")
    if key.master_key_cipher is None:
        raise BadRequest("Your user key is not active.")
    try:
        return crypto.unwrap_master_key(key.master_key_cipher, given)
    except crypto.InvalidPrivateKey:
        raise BadRequest("The private key is invalid.") from None


def session_master_key() -> bytes | None:
    """The master key that the request's session key opens, or None if it has none. Raises BadRequest."""
    opened = of_request(OpenedSession)
    if not opened.tried:
        sent = request.cookies.get(COOKIE) or request.headers.get(HEADER)
        opened.master_key = _unlock(sent) if sent else None
        opened.tried = True
    return opened.master_key


def keep_master_key(session: Session) -> None:
    """Lock the user key until the new ciphertexts are committed, so that it is not deleted first. Raises BadRequest."""
    mine = select(UserKey.id).where(UserKey.user_id == caller().user_id)
    session.execute(mine.with_for_update(read=True, key_share=True))
    if session.execute(_stored()).one_or_none() != of_request(OpenedSession).stored:
        raise BadRequest(INVALID)


def _unlock(sent: str) -> bytes:
    after_this_request(_not_to_be_stored)
    with database().reading() as connection:
        stored = of_request(OpenedSession).stored = connection.execute(_stored()).one_or_none()
    if stored is None:
        raise BadRequest(INVALID)
    try:
        return crypto.unlock_master_key(b64decode(sent, validate=True), stored.cipher, stored.hash)
    except (ValueError, crypto.InvalidSessionKey):
        raise BadRequest(INVALID) from None


def _stored() -> Select[bytes, str]:
    """What is stored of the session key of who is asking."""
    mine = select(SessionKey.cipher, SessionKey.hash).join(UserKey, UserKey.id == SessionKey.userkey_id)
    return mine.where(UserKey.user_id == caller().user_id)


def _not_to_be_stored(reply: Response) -> Response:
    """A browser would keep the plaintexts on its disk."""
    reply.headers["Cache-Control"] = "no-store"
    return reply
