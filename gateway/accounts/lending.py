"""Lent tokens: with one, a service reads for a user, as that user, while a task of it runs."""

from datetime import timedelta

from flask import Blueprint, g
from sqlalchemy import delete, func, insert

from gateway.accounts.keys import digest, new_key
from gateway.accounts.resources.tokens import Token
from gateway.authentication import look_up_user
from shared import bodies
from shared.database import database
from shared.errors import Forbidden
from shared.identity import Identity
from shared.replies import json_reply

# Who may borrow, and what the user must be permitted for it.
BORROWERS = {"extras": "extras.add_reportresult"}
LONGEST_SECONDS = 600

blueprint = Blueprint("lending", __name__, url_prefix="/internal/users/tokens")


@blueprint.before_request
def borrowers_only():
    if g.identity.service not in BORROWERS:
        raise Forbidden("Tokens are not lent to this caller.")


@blueprint.post("/lend")
def lend():
    """`{user, seconds}` → `{key}` of a read-only token; those that nobody gave back are removed."""
    asked = bodies.body()
    _require_permission(asked["user"], BORROWERS[g.identity.service])
    key = new_key()
    token = {
        "user_id": asked["user"],
        "digest": digest(key),
        "write_enabled": False,
        "lent": True,
        "expires": func.now() + timedelta(seconds=min(asked["seconds"], LONGEST_SECONDS)),
        "description": f"lent to {g.identity.service}",
    }
    with database().transaction() as session:
        session.execute(delete(Token).where(Token.lent, Token.expires < func.now()))
        session.execute(insert(Token).values(token))
    return json_reply({"key": key}, headers={"Cache-Control": "no-store"})


@blueprint.post("/return")
def give_back():
    """`{key}`: it is good for nothing any more."""
    with database().transaction() as session:
        session.execute(delete(Token).where(Token.lent, Token.digest == digest(bodies.body()["key"])))
    return json_reply({})


def _require_permission(user_id: int, needed: str) -> None:
    user = look_up_user(user_id, needed)
    if user is None:
        raise Forbidden
    _, username, superuser, active, permissions, _ = user
    if not active or not Identity(user_id, username, superuser, permissions=tuple(permissions)).may(needed):
        raise Forbidden
