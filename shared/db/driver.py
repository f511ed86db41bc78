"""Statements that are ready as text, asked of psycopg2 itself.

SQLAlchemy works out anew what the columns of a reply are each time, which takes longer than a short statement
(docs/adr/0024-shapes-of-filters.md).
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import psycopg2
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Values = Sequence[Any] | Mapping[str, Any]


def fetch(connection: Connection, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """All rows, as psycopg2 has them; none of a statement that has none. Raises DBAPIError, as SQLAlchemy would."""
    try:
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []
    except psycopg2.Error as error:
        raise _as_told_by_sqlalchemy(connection, statement, error) from error


def _as_told_by_sqlalchemy(connection: Connection, statement: str, error: psycopg2.Error) -> BaseException:
    """The same error for those who expect SQLAlchemy's; a connection that is lost is replaced."""
    dialect: Any = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        statement, None, error, psycopg2.Error, connection_invalidated=lost, dialect=dialect, hide_parameters=True
    )
