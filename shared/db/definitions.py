"""Functions and triggers that are made from declarations: each is replaced only if its definition has changed.

PostgreSQL stores a definition in its own spelling, so a digest of ours is kept as the comment of each.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, text

_FUNCTIONS = """
SELECT proname, obj_description(oid, 'pg_proc') FROM pg_proc WHERE pronamespace = current_schema()\\:\\:regnamespace
"""
_TRIGGERS = """
SELECT tgrelid\\:\\:regclass\\:\\:text || '.' || tgname, obj_description(oid, 'pg_trigger') FROM pg_trigger
WHERE NOT tgisinternal
"""
_OURS = r"""
SELECT tgrelid\:\:regclass\:\:text, tgname FROM pg_trigger
WHERE NOT tgisinternal AND (tgname LIKE 'reference\_%' OR tgname LIKE 'history\_%' OR tgname LIKE 'row\_tally\_%')
"""


class DatabaseObject(NamedTuple):
    """A function `name(arguments)`, or with a `table` the trigger `name` on it; `sql` makes or replaces it."""

    name: str
    sql: str
    arguments: str = ""
    table: str = ""

    @property
    def key(self) -> str:
        return f"{self.table}.{self.name}" if self.table else self.name

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()[:32]

    def make(self, connection: Connection) -> None:
        what = f"TRIGGER {self.name} ON {self.table}" if self.table else f"FUNCTION {self.name}({self.arguments})"
        connection.exec_driver_sql(self.sql)
        connection.exec_driver_sql(f"COMMENT ON {what} IS '{self.digest}'")


def changed(connection: Connection, wanted: Iterable[DatabaseObject]) -> list[DatabaseObject]:
    """The definitions that the database lacks or has in another version."""
    there = {(key, digest) for each in (_FUNCTIONS, _TRIGGERS) for key, digest in connection.execute(text(each))}
    return [each for each in wanted if (each.key, each.digest) not in there]


def unwanted(connection: Connection, wanted: Iterable[DatabaseObject]) -> set[tuple[str, str]]:
    """(table, trigger) of every trigger that an earlier release made from its declarations, and this one does not."""
    mine = {(table, name) for table, name in connection.execute(text(_OURS))}
    return mine - triggers(wanted)


def triggers(wanted: Iterable[DatabaseObject]) -> set[tuple[str, str]]:
    """(table, trigger) of those of the definitions that are triggers."""
    return {(each.table, each.name) for each in wanted if each.table}
