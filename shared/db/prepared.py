"""Prepared statements: what is asked again and again in the same words is planned once per connection."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, literal_column
from sqlalchemy.dialects import postgresql

from shared.db.driver import fetch

MOST = 60

# By convention the first parameter is the address that the client sees, where addresses are shown at all, and the
# second the ids of the rows that a statement is for.
BASE_URL: ColumnElement[str] = literal_column("$1")
IDS: ColumnElement[Any] = literal_column("CAST($2 AS integer[])")

# A statement that selects some columns, whichever.
AnySelect = Select[*tuple[Any, ...]]

_DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here


def sql(statement: AnySelect) -> str:
    """The text of `statement`, whose parameters are written `$1`, `$2`; as psycopg2 takes it."""
    return str(statement.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})).replace("%", "%%")


def execute(connection: Connection, name: str, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of `statement`, prepared as `name` on first use; the server keeps at most `MOST` for a connection."""
    known = connection.info.setdefault("prepared", set())
    if name not in known:
        if len(known) >= MOST:
            fetch(connection, "DEALLOCATE ALL")
            known.clear()
        fetch(connection, f"PREPARE {name} AS {statement}")
        known.add(name)
    places = f"({', '.join(['%s'] * len(values))})" if values else ""
    return fetch(connection, f"EXECUTE {name} {places}", values)
