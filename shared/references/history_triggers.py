"""The triggers that note every change of an object, whoever makes it and in whatever way, with its write face.

A transaction notes one change of an object: what it was before the first statement that touched it, and what it is
after the last. They see rows that go by a foreign key's cascade, too, and lists that lose what they had.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, literal, literal_column, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from shared import JsonObject
from shared.db.definitions import DatabaseObject
from shared.references.history_functions import FUNCTIONS, UPDATED
from shared.schema.models import Attribute, Record

# Set with every save, be there anything new or not; a change has a time of its own.
MOVING = ("last_updated",)
MOST_MEMBERS = 40  # a function takes at most 100 arguments


class Declared(Protocol):
    """A resource, as far as this module knows one."""

    @property
    def model(self) -> type[Record]: ...

    @property
    def methods(self) -> tuple[str, ...]: ...


def models_of(resources: Iterable[Declared]) -> list[type[Record]]:
    """The types that can be written."""
    return list({each.model: None for each in resources if set(each.methods) - {"GET"}})


def definitions(resources: Iterable[Declared]) -> list[DatabaseObject]:
    """What has every change of every type noted, as it is declared."""
    found = list(FUNCTIONS)
    for model in models_of(resources):
        found.append(_noting(model))
        found += _triggers(model) if model.logged else ()
    return found


def noting_function(model: type[Record]) -> str:
    """The name of the function that notes what a request did to objects of `model` that it named."""
    return f"history_note_{model.__tablename__}"


def faces(session: Session, model: type[Record], ids: Iterable[int]) -> dict[int, JsonObject]:
    """What a change would tell of those of the objects `ids` that exist, as they are now."""
    rows = f'SELECT "t".id, {_face(model, "t")} FROM {model.__tablename__} AS "t" WHERE "t".id = ANY(:ids)'
    return {row[0]: row[1] for row in session.execute(text(rows), {"ids": sorted(ids)})}


def _logged(model: type[Record]) -> dict[str, Attribute]:
    """What a change tells of an object: what its write face has, but for what no column keeps, or is secret."""
    kept = {
        name: each
        for name, each in model.attributes.items()
        if each.readable and each.writable and not each.expression and not each.field.load_only
    }
    return {name: each for name, each in kept.items() if name not in (*model.unlogged, *MOVING)}


def _lists(model: type[Record]) -> list[Attribute]:
    return [each for each in _logged(model).values() if each.is_list]


def _face(model: type[Record], row: str) -> str:
    """The SQL of the write face of `row`, a row of the table of `model`, as jsonb."""
    if not model.logged:
        return "NULL::jsonb"
    entity, members = aliased(model, name=row), []
    for name, attribute in _logged(model).items():
        if attribute.is_list:
            value: Any = literal_column(_list_of(model, attribute, f'"{row}".id'))
        else:
            value = attribute.field.write_sql_of(entity, model, attribute.column)
        members.append((literal(name), value))
    parts = [members[at : at + MOST_MEMBERS] for at in range(0, len(members), MOST_MEMBERS)]
    return " || ".join(
        _sql(entity, func.jsonb_build_object(*(each for pair in part for each in pair))) for part in parts
    )


def _list_of(model: type[Record], attribute: Attribute, owner: str) -> str:
    table = _association(model, attribute)
    ids = f"SELECT jsonb_agg(target_id ORDER BY target_id) FROM {table} WHERE owner_id = {owner}"
    return f"coalesce(({ids}), '[]'::jsonb)"


def _association(model: type[Record], attribute: Attribute) -> str:
    return f"{model.__tablename__}_{attribute.name}"


def _sql(entity: Any, expression: ColumnElement[Any]) -> str:
    """The text of `expression`, for where a row is at hand by the name of `entity`."""
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here
    whole = select(expression.label("face")).select_from(entity)
    written = str(whole.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return written.removeprefix("SELECT ").rpartition(" AS face")[0]


def _differs(model: type[Record]) -> str:
    """Whether an update changes more than what comes with every save, as when it was."""
    columns = [each.column for each in _logged(model).values() if not each.field.dump_only and not each.is_list]
    return " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)


def _noting(model: type[Record]) -> DatabaseObject:
    """The function that notes an action of a request on objects of `model`: a list of {id, name, path}.

    What triggers do not see it notes as well: a save that changes nothing, and what of a type that is not logged.
    """
    table, name = model.__tablename__, noting_function(model)
    unseen = "true" if not model.logged else f"deed = {UPDATED}"
    sql = f"""
CREATE OR REPLACE FUNCTION {name}(deed integer, named jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE cause jsonb = history_cause();
DECLARE this uuid = history_batch();
BEGIN
  INSERT INTO change_name (batch, label, object_id, action, name, path)
  SELECT this, '{model.label}', told.id, deed, left(told.name, 200), told.path
  FROM jsonb_to_recordset(named) AS told(id integer, name text, path text)
  ON CONFLICT (batch, label, object_id)
  DO UPDATE SET action = excluded.action, name = excluded.name, path = excluded.path;
  IF {unseen} THEN
    INSERT INTO change_outbox (batch, label, object_id, request_id, user_id, user_name, before, after)
    SELECT this, '{model.label}', told.id, cause->>'request_id', (cause->>'user_id')::integer, cause->>'user_name',
           face.made, face.made
    FROM jsonb_to_recordset(named) AS told(id integer)
    LEFT JOIN {table} AS t ON t.id = told.id CROSS JOIN LATERAL (SELECT {_face(model, "t")} AS made) AS face
    WHERE NOT EXISTS (SELECT FROM change_outbox AS seen WHERE (seen.batch, seen.label, seen.object_id)
                      = (this, '{model.label}', told.id))
    ON CONFLICT DO NOTHING;
  END IF;
END $$;
"""
    return DatabaseObject(name, sql, arguments="integer, jsonb")


def _triggers(model: type[Record]) -> Iterable[DatabaseObject]:
    """A statement that makes or deletes many rows notes them by one; one that changes many is rare."""
    table, function = model.__tablename__, f"history_of_{model.__tablename__}"
    before = f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    PERFORM history_keep('{model.label}', NEW.id, {_face(model, "old")}, {_face(model, "new")});
    RETURN NULL;
  END IF;
  PERFORM history_keep('{model.label}', OLD.id, {_face(model, "old")}, NULL);
  RETURN OLD;
END $$;
"""
    yield DatabaseObject(function, before)
    if differs := _differs(model):
        does = f"FOR EACH ROW WHEN ({differs}) EXECUTE FUNCTION {function}()"
        yield _trigger("changed", table, "AFTER UPDATE", does)
    yield DatabaseObject(f"{function}_made", _of_many(model, f"{function}_made", "NULL, face.made"))
    yield _trigger("created", table, "AFTER INSERT", _once("NEW", f"{function}_made"))
    if _lists(model):
        # What goes with a row by cascade is gone after it: its lists are read before.
        yield _trigger("deleted", table, "BEFORE DELETE", f"FOR EACH ROW EXECUTE FUNCTION {function}()")
    else:
        yield DatabaseObject(f"{function}_gone", _of_many(model, f"{function}_gone", "face.made, NULL"))
        yield _trigger("deleted", table, "AFTER DELETE", _once("OLD", f"{function}_gone"))
    for attribute in _lists(model):
        yield from _list_triggers(model, attribute)


def _once(rows: str, function: str) -> str:
    return f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {function}()"


def _of_many(model: type[Record], function: str, faces: str) -> str:
    """SQL of a function that notes every row of a statement, with its `faces` before and after."""
    return f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE cause jsonb = history_cause();
DECLARE this uuid = history_batch();
BEGIN
  INSERT INTO change_outbox (batch, label, object_id, request_id, user_id, user_name, before, after)
  SELECT this, '{model.label}', t.id, cause->>'request_id', (cause->>'user_id')::integer, cause->>'user_name', {faces}
  FROM changed AS t CROSS JOIN LATERAL (SELECT {_face(model, "t")} AS made) AS face
  ON CONFLICT (batch, label, object_id) DO UPDATE SET after = excluded.after;
  RETURN NULL;
END $$;
"""


def _trigger(event: str, table: str, when: str, does: str) -> DatabaseObject:
    name = f"history_{event}"
    return DatabaseObject(name, f"CREATE OR REPLACE TRIGGER {name} {when} ON {table} {does}", table=table)


def _list_triggers(model: type[Record], attribute: Attribute) -> Iterable[DatabaseObject]:
    """What is put into a list of an object, or taken out, is a change of the object."""
    table, owners = _association(model, attribute), model.__tablename__
    mine = "SELECT target_id FROM {} WHERE owner_id = t.id".format
    function = f"history_of_{table}"
    yield DatabaseObject(
        function,
        f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Who takes something else out of the same list waits, and sees what is left.
  PERFORM FROM {owners} AS t WHERE t.id IN (SELECT owner_id FROM changed) ORDER BY t.id FOR NO KEY UPDATE;
  PERFORM history_keep('{model.label}', t.id,
    face.made || jsonb_build_object('{attribute.name}', coalesce((
      SELECT jsonb_agg(target_id ORDER BY target_id) FROM (
        {mine(table)} AND (TG_OP = 'DELETE' OR target_id NOT IN ({mine("changed")}))
        UNION SELECT target_id FROM changed WHERE owner_id = t.id AND TG_OP = 'DELETE'
      ) AS former), '[]'::jsonb)), face.made)
  FROM {owners} AS t CROSS JOIN LATERAL (SELECT {_face(model, "t")} AS made) AS face
  WHERE t.id IN (SELECT owner_id FROM changed);
  RETURN NULL;
END $$;
""",
    )
    for event, verb, rows in (("added", "INSERT", "NEW"), ("removed", "DELETE", "OLD")):
        yield _trigger(event, table, f"AFTER {verb}", _once(rows, function))
