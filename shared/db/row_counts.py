"""How many rows a table has, and how many refer to each object, without counting them: of a million, that takes long.

Every statement that adds, removes or moves rows writes the difference into `row_tally`, in its own transaction, so the
sum that a reader sees is exactly the number of rows it sees. Now and then a writer adds the differences up.

A tally has a label: `dcim.device` is of all rows of a table, `dcim_device.site_id` of those that refer to each site,
where that reference is `counted` (`shared.schema.columns.reference`).
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from operator import eq
from typing import Any

from sqlalchemy import (
    BigInteger,
    BinaryExpression,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    ScalarSelect,
    Select,
    String,
    Table,
    cast,
    func,
    select,
    text,
)

from shared.db.advisory_locks import AdvisoryLock
from shared.db.definitions import DatabaseObject
from shared.db.stored import Searchable, StoredModel

ALL_ROWS = "0"  # in place of the id of an object
_OF_TABLE = "row_tally_of_"
_NOTE = "INSERT INTO row_tally (label, object_id, difference)"

# Where another writer is adding up, this one leaves it to a later one: nobody waits.
_COMMON = (
    DatabaseObject(
        "row_tally_add_up",
        f"""
CREATE OR REPLACE FUNCTION row_tally_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_try_advisory_xact_lock({AdvisoryLock.ROW_COUNTS:d}) THEN
    WITH added AS (
      DELETE FROM row_tally WHERE label = NEW.label AND object_id = NEW.object_id RETURNING difference
    )
    {_NOTE} SELECT NEW.label, NEW.object_id, sum(difference) FROM added HAVING sum(difference) <> 0;
  END IF;
  RETURN NULL;
END $$;
""",
    ),
    DatabaseObject(
        "row_tally_add_up",
        """
CREATE OR REPLACE TRIGGER row_tally_add_up AFTER INSERT ON row_tally
FOR EACH ROW WHEN (random() < 0.02) EXECUTE FUNCTION row_tally_add_up();
""",
        table="row_tally",
    ),
    DatabaseObject(
        "row_tally_move",
        f"""
CREATE OR REPLACE FUNCTION row_tally_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {_NOTE}
  SELECT TG_ARGV[0], object_id, difference
  FROM (VALUES ((to_jsonb(OLD) ->> TG_ARGV[1])::integer, -1), ((to_jsonb(NEW) ->> TG_ARGV[1])::integer, 1))
       AS moved (object_id, difference)
  WHERE object_id IS NOT NULL;
  RETURN NULL;
END $$;
""",
    ),
)


def add(metadata: MetaData) -> None:
    """Declare the table of differences in `metadata`."""
    made = Table(
        "row_tally",
        metadata,
        Column("label", String(50), nullable=False),
        Column("object_id", Integer, nullable=False, server_default=ALL_ROWS),
        Column("difference", BigInteger, nullable=False),
    )
    Index(None, made.c.label, made.c.object_id)


def total(model: StoredModel) -> Select[int]:
    """The number of rows of `model`."""
    return _sum(model.__table__, model.label, int(ALL_ROWS))


def referring(column: Column[Any], pk: int | ScalarSelect[Any]) -> Select[int]:
    """The number of rows whose counted reference `column` is to the object `pk`."""
    return _sum(column.table, label_of(column), pk)


def referring_sql(columns: Iterable[Column[Any]]) -> str:
    """SQL of the same for the objects `$1` and each of the references `columns`: (object id, label, number)."""
    labels = ", ".join(f"'{label_of(column)}'" for column in columns)
    return f"""
        SELECT object_id, label, sum(difference)::bigint FROM row_tally
        WHERE label IN ({labels}) AND object_id = ANY($1::integer[])
        GROUP BY 1, 2
    """


def meeting(condition: ColumnElement[Any]) -> Select[int] | None:
    """The number of rows that meet `condition`, where that is a counted reference to one object; else None."""
    compared = isinstance(condition, BinaryExpression) and condition.operator is eq
    if not compared or not isinstance(condition.left, Column) or not isinstance(condition.right, ScalarSelect):
        return None
    return referring(condition.left, condition.right) if condition.left.info.get("counted") else None


def label_of(column: Column[Any]) -> str:
    """The label of the tally of a reference. Raises ValueError if that is not `counted`."""
    if not column.info.get("counted"):
        raise ValueError(f"{column} is not counted")
    return str(column)


def _sum(table: Table, label: str, pk: int | ScalarSelect[Any]) -> Select[int]:
    tally = table.metadata.tables["row_tally"]
    added = cast(func.coalesce(func.sum(tally.c.difference), 0), BigInteger)
    return select(added).where(tally.c.label == label, tally.c.object_id == pk)


@dataclass(frozen=True)
class _Former:
    """A table that only the release before serves, which may run beside this one (`Table(info={"counted_as": …})`)."""

    label: str
    __table__: Table


def _counted(resources: Iterable[Searchable], metadata: MetaData) -> list[StoredModel]:
    former = [table for table in metadata.tables.values() if "counted_as" in table.info]
    models: dict[StoredModel, None] = {resource.model: None for resource in resources}
    return [*models, *(_Former(table.info["counted_as"], table) for table in former)]


def definitions(resources: Iterable[Searchable], metadata: MetaData) -> list[DatabaseObject]:
    """What keeps the tallies of every table of `resources`, and of what the release before serves."""
    return [*_COMMON, *(each for model in _counted(resources, metadata) for each in _of_model(model))]


def table_of(definition: DatabaseObject) -> str:
    """The table whose rows a function counts; empty for what does not."""
    return definition.name.removeprefix(_OF_TABLE) if definition.name.startswith(_OF_TABLE) else ""


def count(connection: Connection, resources: Iterable[Searchable], metadata: MetaData, tables: Container[str]) -> None:
    """Count what was never counted in those of the `tables` that are counted; others do not write meanwhile."""
    for model in _counted(resources, metadata):
        if model.__table__.name in tables and _uncounted(connection, model):
            connection.exec_driver_sql(f"LOCK TABLE {model.__table__.name} IN SHARE ROW EXCLUSIVE MODE")
            for label in _uncounted(connection, model):
                connection.exec_driver_sql(counting(model, label))


def _uncounted(connection: Connection, model: StoredModel) -> list[str]:
    labels = sorted(tallies_of(model))
    known = text("SELECT DISTINCT label FROM row_tally WHERE label = ANY(:labels)")
    return sorted({*labels} - {*connection.scalars(known, {"labels": labels})})


def tallies_of(model: StoredModel) -> dict[str, str]:
    """The tallies of `model` by label, each with the SQL of the object that a row counts for, null for none."""
    counted = [column for column in model.__table__.columns if column.info.get("counted")]
    return {model.label: ALL_ROWS, **{label_of(column): column.name for column in counted}}


def counting(model: StoredModel, label: str) -> str:
    """SQL that counts the rows of `model` for a tally that has none."""
    row = _row(label, tallies_of(model)[label], model.__table__.name)
    return f"{_NOTE} SELECT label, object_id, count(*) FROM ({row}) AS counted GROUP BY 1, 2"


def _row(label: str, counted: str, source: str) -> str:
    """SQL of the (label, object_id) that each row in `source` counts for."""
    return f"SELECT '{label}' AS label, {counted} AS object_id FROM {source} WHERE {counted} IS NOT NULL"


def _of_model(model: StoredModel) -> list[DatabaseObject]:
    table = model.__table__.name
    counted = " UNION ALL ".join(_row(label, counted, "changed") for label, counted in tallies_of(model).items())
    change = f"""
CREATE OR REPLACE FUNCTION {_OF_TABLE}{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {_NOTE}
  SELECT label, object_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
  FROM ({counted}) AS counted GROUP BY 1, 2;
  RETURN NULL;
END $$;
"""
    found = [DatabaseObject(f"{_OF_TABLE}{table}", change)]
    for event, rows in (("INSERT", "NEW"), ("DELETE", "OLD")):
        sql = f"""
CREATE OR REPLACE TRIGGER row_tally_{event.lower()} AFTER {event} ON {table}
REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {_OF_TABLE}{table}();
"""
        found.append(DatabaseObject(f"row_tally_{event.lower()}", sql, table=table))
    for label, column in tallies_of(model).items():
        if column != ALL_ROWS:
            sql = f"""
CREATE OR REPLACE TRIGGER row_tally_move_{column} AFTER UPDATE OF {column} ON {table}
FOR EACH ROW WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION row_tally_move('{label}', '{column}');
"""
            found.append(DatabaseObject(f"row_tally_move_{column}", sql, table=table))
    return found
