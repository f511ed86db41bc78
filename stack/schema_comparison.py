"""Compares a database with what its migrations make, for example after a restore that partly failed."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import CheckConstraint, Connection, NullPool, create_engine, inspect, text

from shared.db import definitions
from shared.migrations import declared, head, pending
from shared.upgrading import definitions_of
from stack.databases import revision

NAMES_OF_KINDS = {"fk": "foreign key", "constraint": "constraint", "index": "index"}
_TRIGGERS = "SELECT tgrelid\\:\\:regclass\\:\\:text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
_INVALID_INDEXES = "SELECT indexrelid\\:\\:regclass\\:\\:text FROM pg_index WHERE NOT indisvalid"


def differences(app: str, url: str) -> list[str]:
    """What the newest migrations of `app` make and its database lacks, or has otherwise: one phrase each.

    Empty for a database at another revision, as when two releases run side by side.
    """
    if revision(url) != head(app):
        return []
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return _missing(app, connection)


def _missing(app: str, connection: Connection) -> list[str]:
    base, _ = declared(app)
    found = [_phrase(each) for each in _flat(pending(app, connection)) if not each[0].startswith("remove_")]
    seen = inspect(connection)
    present = set(seen.get_table_names())
    for table in [each for each in base.metadata.sorted_tables if each.name in present]:
        key = seen.get_pk_constraint(table.name)["constrained_columns"]
        if set(key) != {column.name for column in table.primary_key}:
            found.append(f"primary key of {table.name}")
        checks = {each["name"] for each in seen.get_check_constraints(table.name)}
        wanted = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint) and each.name}
        found += [f"check {name} of {table.name}" for name in sorted(wanted - checks)]
    made = definitions.triggers(definitions_of(app))
    there = {(table, name) for table, name in connection.execute(text(_TRIGGERS))}
    found += [f"trigger {name} of {table}" for table, name in sorted(made - there)]
    return found + [f"index {name}, which is not valid" for name in connection.scalars(text(_INVALID_INDEXES))]


def _flat(found: list[Any]) -> Iterator[tuple[Any, ...]]:
    """The differences in one flat list: Alembic nests those of one column."""
    for each in found:
        yield from each if isinstance(each, list) else [each]


def _phrase(difference: tuple[Any, ...]) -> str:
    """A difference of Alembic's in words: (verb_kind, object) or (modify_what, schema, table, column, …)."""
    verb, what = difference[0], difference[1]
    kind = verb.split("_", 1)[1]
    if verb.startswith("modify_"):
        return f"{kind} of the column {difference[3]} of {difference[2]}"
    if kind == "table":
        return f"table {what.name}"
    if kind == "column":
        return f"column {difference[3].name} of {difference[2]}"
    named = what.name or ", ".join(column.name for column in what.columns)
    return f"{NAMES_OF_KINDS.get(kind, kind)} {named} of {what.table.name}"
