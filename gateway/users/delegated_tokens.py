"""Delegated tokens: with one, a service reads for a user, as that user, while a task of it runs."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response
from sqlalchemy import delete, func, insert

from gateway.users import lookups
from gateway.users.keys import digest, new_key
from gateway.users.resources.tokens import Token
from shared.db.database import database
from shared.http import request_body
from shared.http.errors import Forbidden, ServiceUnavailable
from shared.http.responses import json_response
from shared.security.authorization import caller
from shared.security.identity import Identity

# Who may ask for one, and what the user must be permitted for it.
DELEGATES = {"extras": "extras.add_reportresult"}
LONGEST_SECONDS = 600

blueprint = Blueprint("delegated_tokens", __name__, url_prefix="/internal/users/tokens")


@blueprint.before_request
def delegates_only() -> None:
    if caller().service not in DELEGATES:
        raise Forbidden("Tokens are not lent to this caller.")


@blueprint.post("/lend")
def issue() -> Response:
    """`{user, seconds}` → `{key}` of a read-only token; those that nobody gave back are removed."""
    asked = request_body.body()
    _require_permission(asked["user"], DELEGATES[caller().service])
    key = new_key()
    token = {
        "user_id": asked["user"],
        "digest": digest(key),
        "write_enabled": False,
        "lent": True,
        "expires": func.now() + timedelta(seconds=min(asked["seconds"], LONGEST_SECONDS)),
        "description": f"lent to {caller().service}",
    }
    with database().transaction() as session:
        session.execute(delete(Token).where(Token.lent, Token.expires < func.now()))
        session.execute(insert(Token).values(token))
    return json_response({"key": key}, headers={"Cache-Control": "no-store"})


@blueprint.post("/return")
def revoke() -> Response:
    """`{key}`: it is good for nothing any more."""
    with database().transaction() as session:
        session.execute(delete(Token).where(Token.lent, Token.digest == digest(request_body.body()["key"])))
    return json_response({})


def _user(user_id: int, prefix: str) -> tuple[Any, ...] | None:
    try:
        return lookups.by_id(user_id, prefix)
    except lookups.UsersUnavailable:
        raise ServiceUnavailable("The users are not available at the moment.") from None


def _require_permission(user_id: int, needed: str) -> None:
    user = _user(user_id, needed)
    if user is None:
        raise Forbidden
    _, username, superuser, active, permissions, _ = user
    if not active or not Identity(user_id, username, superuser, permissions=tuple(permissions)).may(needed):
        raise Forbidden
