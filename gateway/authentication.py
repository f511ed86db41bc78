"""Who is asking: a token becomes an identity, by one statement per request.

Nothing is remembered between requests, so revoking a token or deactivating its user counts from the next
request on, in every worker. The statement is prepared once per connection, since planning takes longest.
"""

import re
from functools import cache

import psycopg2
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from gateway.accounts.keys import digest
from gateway.errors import MISSING_CREDENTIALS, Refused
from shared.config import APPS, settings
from shared.identity import ANONYMOUS, Identity
from shared.silence import Silent

_GRANTED = """
CASE WHEN u.is_superuser THEN '{}'::text[] ELSE ARRAY(
    SELECT granted FROM unnest(u.permissions) AS own (granted) WHERE starts_with(granted, $2)
    UNION
    SELECT granted FROM users_user_groups m JOIN users_group g ON g.id = m.target_id,
                        unnest(g.permissions) AS shared (granted)
    WHERE m.owner_id = u.id AND starts_with(granted, $2)
) END,
ARRAY(SELECT target_id FROM users_user_groups WHERE owner_id = u.id)
"""
_PREPARE = f"""
PREPARE by_token (bpchar, text) AS
SELECT u.id, u.username, u.is_superuser, u.is_active, t.write_enabled, coalesce(t.expires <= now(), false), {_GRANTED}
FROM users_token t JOIN users_user u ON u.id = t.user_id WHERE t.digest = $1;
PREPARE by_id (integer, text) AS
SELECT u.id, u.username, u.is_superuser, u.is_active, {_GRANTED}
FROM users_user u WHERE u.id = $1;
PREPARE by_session (bpchar, text) AS
SELECT u.id, u.username, u.is_superuser, u.is_active, {_GRANTED}
FROM users_session s JOIN users_user u ON u.id = s.user_id WHERE s.digest = $1 AND s.expires > now();
"""
_BY_TOKEN = "EXECUTE by_token (%s, %s)"
_BY_ID = "EXECUTE by_id (%s, %s)"
_BY_SESSION = "EXECUTE by_session (%s, %s)"
_PUBLIC = re.compile(rf"/api/(?:(?:{'|'.join(APPS)})/(?:\.json)?|(?:docs|redoc|schema)/.*|users/tokens/provision/)?")


def authenticate(authorization: str | None, app: str) -> Identity:
    """The caller that an Authorization header names, with its permissions in `app`.

    Raises Refused (403, 503).
    """
    key = _key(authorization)
    if key is None:
        return ANONYMOUS
    row = _look_up(_BY_TOKEN, digest(key), f"{app}.")
    if row is None:
        raise Refused(403, "Invalid token")
    user_id, username, superuser, active, write, expired, permissions, groups = row
    if expired:
        raise Refused(403, "Token expired")
    if not active:
        raise Refused(403, "User inactive")
    return Identity(user_id, username, superuser, write, tuple(permissions), tuple(groups))


def require_login(identity: Identity, path: str) -> None:
    """With LOGIN_REQUIRED only roots, documentation and getting a token are public. Raises Refused (403)."""
    if settings.login_required and identity.anonymous and not _PUBLIC.fullmatch(path):
        raise Refused(403, MISSING_CREDENTIALS)


def ready() -> bool:
    """Whether the accounts can be read."""
    try:
        _look_up(_BY_TOKEN, "", "")
    except Refused:
        return False
    return True


def look_up_user(user_id: int, prefix: str) -> tuple | None:
    """(id, username, superuser, active, permissions below `prefix`, group ids). Raises Refused (503)."""
    return _look_up(_BY_ID, user_id, prefix)


def look_up_session(key: str, prefix: str) -> tuple | None:
    """The same of the user whose session has this key; None when it has ended. Raises Refused (503)."""
    return _look_up(_BY_SESSION, digest(key), prefix)


def _key(authorization: str | None) -> str | None:
    words = (authorization or "").split()
    if not words or words[0].lower() != "token":
        return None
    if len(words) == 1:
        raise Refused(403, "Invalid token header. No credentials provided.")
    if len(words) > 2:
        raise Refused(403, "Invalid token header. Token string should not contain spaces.")
    return words[1]


def _look_up(statement: str, *values) -> tuple | None:
    """The row of a token or a user; connections that a restart of the database has closed are all replaced once."""
    try:
        try:
            return _execute(statement, values)
        except psycopg2.Error as error:
            _engine().dispose()
            if isinstance(error, Silent):
                raise
            return _execute(statement, values)
    except (psycopg2.Error, SQLAlchemyError):
        raise Refused(503, "Accounts are not available at the moment.", (("Retry-After", "1"),)) from None


def _execute(statement: str, values: tuple) -> tuple | None:
    connection = _engine().raw_connection()
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()
    except psycopg2.Error:
        connection.invalidate()
        raise
    finally:
        connection.close()


@cache
def _engine() -> Engine:
    engine = create_engine(
        settings.database_urls.get("gateway", "postgresql+psycopg2://"),
        pool_size=settings.database_pool,
        max_overflow=0,
        pool_timeout=settings.connect_seconds,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": max(2, int(settings.connect_seconds))},
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection, _record) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 5000")
        cursor.execute(_PREPARE)
