"""Trigram indexes: where PostgreSQL has pg_trgm, `q` finds what contains a text without reading whole tables.

The embedded PostgreSQL has none; a server of one's own usually has.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, String, text
from sqlalchemy.exc import DBAPIError

from shared.db.stored import Searchable


def install(connection: Connection, resources: Iterable[Searchable]) -> None:
    """An index for every text column that `q` looks into."""
    if not _extended(connection):
        return
    for column in {each: None for resource in resources for each in _searched(resource)}:
        table = column.table.name
        name = f"trgm_{table}_{column.name}"
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin ({column.name} gin_trgm_ops)"))


def _extended(connection: Connection) -> bool:
    """Whether the database has the extension, now if not before."""
    available = text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
    if not connection.scalar(available):
        return False
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except DBAPIError:  # who owns the database may be forbidden to
        return False
    return True


def _searched(resource: Searchable) -> list[Column[Any]]:
    columns = [resource.model.__table__.columns.get(each) for each in resource.search if isinstance(each, str)]
    return [column for column in columns if column is not None and isinstance(column.type, String)]
