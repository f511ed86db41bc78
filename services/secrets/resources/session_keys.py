"""Session keys: a user sees whether it has one, and ends it. They are made by `get-session-key`."""

from sqlalchemy import select

from services.secrets.models import SessionKey, UserKey
from shared import auth
from shared.resource import Resource


def own_session(identity):
    auth.require_user()
    return (SessionKey.userkey_id.in_(select(UserKey.id).where(UserKey.user_id == identity.user_id)),)


session_keys = Resource(SessionKey, methods=("GET", "DELETE"), order=(), visible=own_session, own=("delete",))
