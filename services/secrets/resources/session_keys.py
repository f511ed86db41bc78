"""Session keys: a user sees whether it has one, and ends it. They are made by `get-session-key`."""

from sqlalchemy import ColumnElement, select

from services.secrets.models import SessionKey, UserKey
from shared.api.resource import Resource
from shared.security import authorization
from shared.security.identity import Identity


def own_session(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    authorization.require_user()
    return (SessionKey.userkey_id.in_(select(UserKey.id).where(UserKey.user_id == identity.user_id)),)


session_keys = Resource(
    SessionKey, methods=("GET", "DELETE"), order=(), visible=own_session, unrestricted_verbs=("delete",)
)
