"""Indexes of tables that are in use: made after the migrations, from what the models declare, while others go on."""

from functools import partial

from sqlalchemy import Connection, Engine, MetaData, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from shared.db.schema_steps import Say, keep_trying

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here
_VALID = """
SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indisvalid AND relnamespace = current_schema()\\:\\:regnamespace
"""


def declared(metadata: MetaData) -> dict[str, str]:
    """`{name: statement}` of every index that the models declare."""
    found = {}
    for table in metadata.tables.values():
        for index in table.indexes:
            name = _DIALECT.identifier_preparer.format_index(index).strip('"')
            found[name] = str(CreateIndex(index).compile(dialect=_DIALECT))
    return found


def missing(connection: Connection, wanted: dict[str, str]) -> dict[str, str]:
    """Those of the indexes `wanted` (`{name: statement}`) that are not there, or half made."""
    there = set(connection.scalars(text(_VALID)))
    return {name: statement for name, statement in wanted.items() if name not in there}


def make(engine: Engine, name: str, statement: str, say: Say) -> None:
    """Make the index `name` while others read and write the table. Raises StillLocked."""
    say(f"index {name}")
    keep_trying(partial(_make, engine, name, statement), f"index {name}", say)


def _make(engine: Engine, name: str, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # CONCURRENTLY waits for older transactions and blocks nobody. What an earlier try left is dropped first.
        connection.exec_driver_sql(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
        connection.exec_driver_sql(statement.strip().replace("INDEX", "INDEX CONCURRENTLY", 1))
