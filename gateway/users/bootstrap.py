"""The first user: without one, nobody could make the others."""

import secrets

from sqlalchemy import NullPool, create_engine, text

from gateway.users.keys import checked, digest, new_key
from gateway.users.passwords import hashed

# Two gateways may start at once: the second waits here, and then finds the user of the first.
_LOCK = text("LOCK TABLE users_user IN SHARE ROW EXCLUSIVE MODE")
_ANYBODY = text("SELECT 1 FROM users_user LIMIT 1")
_ADMIN = text(
    "INSERT INTO users_user (id, username, password_hash, first_name, last_name, email, is_active, is_superuser,"
    " permissions, date_joined) VALUES (1, 'admin', :password, '', '', '', true, true, '{}', now())"
)
# The id was given, so the sequence has yet to step past it.
_STEP = text("SELECT nextval(pg_get_serial_sequence('users_user', 'id'))")
_TOKEN = text(
    "INSERT INTO users_token (user_id, created, digest, write_enabled, description)"
    " VALUES (1, now(), :digest, true, 'made at the first start')"
)


def ensure_admin(database_url: str, token: str | None = None) -> tuple[str | None, str | None]:
    """Create the superuser `admin` (id 1) if there is no user yet.

    Returns (password, token), or (None, None) if there was a user.
    Raises ValueError when `token` is given and is not 40 hexadecimal digits.
    """
    key = checked(token) if token else new_key()
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(_LOCK)
        if connection.execute(_ANYBODY).first():
            return None, None
        password = secrets.token_urlsafe(15)
        connection.execute(_ADMIN, {"password": hashed(password)})
        connection.execute(_STEP)
        connection.execute(_TOKEN, {"digest": digest(key)})
    return password, key
