"""Whom a token, an id or a session stands for: one prepared statement on connections of its own.

Nothing is remembered between requests, so revoking a token or deactivating its user counts from the next
request on, in every worker. The statement is prepared once per connection, since planning takes longest.
"""

from contextlib import closing
from functools import cache
from typing import Any

import psycopg2
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from gateway.users.keys import digest
from shared.config import settings
from shared.db import watching
from shared.db.database import ONLY_PRIMARY
from shared.db.hang_detection import DatabaseHung
from shared.db.revisions import unfit

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


class UsersUnavailable(Exception):
    """The database of the users does not answer."""


def by_token(key: str, app: str) -> tuple[Any, ...] | None:
    """(id, username, superuser, active, write enabled, expired, permissions in `app`, group ids) of a token's user.

    None if there is no such token. Raises UsersUnavailable.
    """
    return _look_up(_BY_TOKEN, digest(key), f"{app}.")


def by_id(user_id: int, prefix: str) -> tuple[Any, ...] | None:
    """(id, username, superuser, active, permissions that begin with `prefix`, group ids). Raises UsersUnavailable."""
    return _look_up(_BY_ID, user_id, prefix)


def by_session(key: str, app: str) -> tuple[Any, ...] | None:
    """The same of the user whose session has this key; None when it has ended. Raises UsersUnavailable."""
    return _look_up(_BY_SESSION, digest(key), f"{app}.")


def server_version() -> int:
    """The version of the PostgreSQL that has the users, as 180001. Raises UsersUnavailable."""
    try:
        connection: Any = _engine().raw_connection()
        try:
            return int(connection.dbapi_connection.server_version)
        finally:
            connection.close()
    except (psycopg2.Error, SQLAlchemyError):
        raise UsersUnavailable from None


def unfit_schema() -> str | None:
    """Why this code cannot work on the schema of the accounts; None if it can. Raises UsersUnavailable."""
    try:
        with _engine().connect() as connection:
            return unfit(connection, "users")
    except (psycopg2.Error, SQLAlchemyError):
        raise UsersUnavailable from None


def _look_up(statement: str, *values: object) -> tuple[Any, ...] | None:
    """The row of a token or a user; connections that a restart of the database has closed are all replaced once."""
    try:
        try:
            return _execute(statement, values)
        except psycopg2.Error as error:
            _engine().dispose()
            if isinstance(error, DatabaseHung):
                raise
            return _execute(statement, values)
    except (psycopg2.Error, SQLAlchemyError):
        raise UsersUnavailable from None


def _execute(statement: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
    connection = _engine().raw_connection()
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute(statement, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row
    except psycopg2.Error:
        connection.invalidate()
        raise
    finally:
        connection.close()


@cache
def _engine() -> Engine:
    engine = create_engine(
        settings.database_urls.get("users", "postgresql+psycopg2://"),
        pool_size=settings.database_pool,
        max_overflow=0,
        pool_timeout=settings.connect_seconds,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": max(2, int(settings.connect_seconds)), **ONLY_PRIMARY},
    )
    event.listen(engine, "connect", _prepare)
    watching.watch(engine, "gateway")
    watching.begin_anew("gateway", settings.database_pool)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 5000")
        cursor.execute(_PREPARE)
