"""Trigram indexes: where PostgreSQL has pg_trgm, `q` finds what contains a text without reading whole tables.

The embedded PostgreSQL has it, and so have those of distributions, some in a package of its own (contrib).
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, String, text
from sqlalchemy.exc import DBAPIError

from shared.db.stored import Searchable

PREFIX = "trgm_"


def wanted(connection: Connection, resources: Iterable[Searchable]) -> dict[str, str]:
    """`{name: statement}` of an index for every text column that `q` looks into; none without the extension."""
    if not _extended(connection):
        return {}
    columns = {each: None for resource in resources for each in _searched(resource)}
    named = {f"{PREFIX}{column.table.name}_{column.name}": column for column in columns}
    return {
        name: f"CREATE INDEX {name} ON {column.table.name} USING gin ({column.name} gin_trgm_ops)"
        for name, column in named.items()
    }


def _extended(connection: Connection) -> bool:
    """Whether the database has the extension, now if not before. The connection is in no transaction."""
    if connection.scalar(text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")):
        return True
    available = text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
    if not connection.scalar(available):
        return False
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except DBAPIError:  # who owns the database may be forbidden to
        return False
    return True


def _searched(resource: Searchable) -> list[Column[Any]]:
    columns = [resource.model.__table__.columns.get(each) for each in resource.search if isinstance(each, str)]
    return [column for column in columns if column is not None and isinstance(column.type, String)]
