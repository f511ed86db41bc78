"""`get-session-key`: for a private key, the key that opens secrets until the next one is made."""

from base64 import b64encode

from flask import Blueprint, Response, request
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.secrets import crypto
from services.secrets.models import SessionKey, UserKey
from services.secrets.unlocking import PrivateKey, own_master_key, private_key
from shared.api.openapi import operation
from shared.api.options import allows
from shared.api.resource import ALL
from shared.db.database import database
from shared.http import request_body
from shared.http.errors import BadRequest, MethodNotAllowed
from shared.http.responses import json_response
from shared.schema import fields, openapi_schemas
from shared.security import authorization
from shared.security.authorization import caller
from shared.security.session_key import COOKIE, COOKIE_PATH

blueprint = Blueprint("get-session-key", __name__)


class Unlocking(PrivateKey):
    preserve_key = fields.Boolean()


@blueprint.route("/api/secrets/get-session-key/", methods=ALL)
@operation("POST", "Get a session key", openapi_schemas.texts("session_key"), body=Unlocking)
@allows("POST", users_only=True)
def get_session_key() -> Response:
    user = authorization.require_user()
    if request.method != "POST":
        raise MethodNotAllowed(request.method)
    sent = request_body.require_object(request_body.body())
    given, preserve = private_key(sent), request.args.get("preserve_key") or sent.get("preserve_key")
    with database().transaction() as session:
        master_key = own_master_key(session, user.user_id, given)
        userkey_id = session.scalars(select(UserKey.id).where(UserKey.user_id == user.user_id)).one()
        key = _preserved(session, userkey_id, master_key) if preserve else None
        key = key or _renewed(session, userkey_id, master_key)
    return _told(b64encode(key).decode())


def _told(key: str) -> Response:
    """The session key; a browser that has no token to send keeps it in a cookie that no script can read."""
    reply = json_response({"session_key": key}, headers={"Cache-Control": "no-store"})
    if caller().by_cookie:
        path, secure = request.script_root + COOKIE_PATH, request.is_secure
        reply.set_cookie(COOKIE, key, path=path, secure=secure, httponly=True, samesite="Strict")
    return reply


def _preserved(session: Session, userkey_id: int, master_key: bytes) -> bytes | None:
    stored = session.scalar(select(SessionKey).where(SessionKey.userkey_id == userkey_id))
    if stored is None:
        return None
    try:
        return crypto.recover_session_key(master_key, stored.cipher, stored.hash)
    except crypto.InvalidSessionKey:
        raise BadRequest("The session key cannot be recovered; ask for a new one.") from None


def _renewed(session: Session, userkey_id: int, master_key: bytes) -> bytes:
    session.execute(delete(SessionKey).where(SessionKey.userkey_id == userkey_id))
    key = crypto.new_key()
    cipher, hashed = crypto.seal_session_key(key, master_key)
    session.add(SessionKey(userkey_id=userkey_id, cipher=cipher, hash=hashed))
    return key
