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
from shared.references.history_functions import FUNCTIONS, NAME_LENGTH, UPDATED
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
    return _some(model, row, _logged(model)) if model.logged else "NULL::jsonb"


def _own(model: type[Record], row: str) -> str:
    """What of it the row itself has: all but the lists."""
    return _some(model, row, {name: each for name, each in _logged(model).items() if not each.is_list})


def _listed(model: type[Record], row: str) -> str:
    return _some(model, row, {each.name: each for each in _lists(model)})


def _some(model: type[Record], row: str, attributes: dict[str, Attribute]) -> str:
    entity, members = aliased(model, name=row), []
    for name, attribute in attributes.items():
        if attribute.is_list:
            value: Any = literal_column(_list_of(model, attribute, f'"{row}".id'))
        else:
            value = attribute.field.write_sql_of(entity, model, attribute.column)
        members.append((literal(name), value))
    parts = [members[at : at + MOST_MEMBERS] for at in range(0, len(members), MOST_MEMBERS)] or [[]]
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


def _differs(model: type[Record], old: str, new: str) -> str:
    """Whether rows `old` and `new` differ in more than what comes with every save, as when that was."""
    columns = [each.column for each in _logged(model).values() if not each.field.dump_only and not each.is_list]
    return " OR ".join(f"{old}.{name} IS DISTINCT FROM {new}.{name}" for name in columns)


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
  SELECT this, '{model.label}', told.id, deed, left(told.name, {NAME_LENGTH}), told.path
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
    """What a statement makes, changes or deletes is noted by one; what foreign keys change along with it row by row.

    For a row that is changed by one key and deleted by another, all rows that a key has changed would come too late.
    """
    table, function = model.__tablename__, f"history_of_{model.__tablename__}"
    one = f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    PERFORM history_keep('{model.label}', NEW.id, {_own(model, "old")}, {_own(model, "new")},
      {_listed(model, "new")});
    RETURN NULL;
  END IF;
  PERFORM history_keep('{model.label}', OLD.id, {_face(model, "old")}, NULL, '{{}}');
  RETURN OLD;
END $$;
"""
    yield DatabaseObject(function, one)
    if differs := _differs(model, "OLD", "NEW"):
        does = f"FOR EACH ROW WHEN (pg_trigger_depth() > 0 AND ({differs})) EXECUTE FUNCTION {function}()"
        yield _trigger("changed_along", table, "AFTER UPDATE", does)
        rows = f"was JOIN became ON became.id = was.id WHERE {_differs(model, 'was', 'became')}"
        yield _of_many(model, f"{function}_changed", _face(model, "was"), _face(model, "became"), rows)
        yield _once("changed", table, "UPDATE", f"{function}_changed", "OLD TABLE AS was NEW TABLE AS became")
    yield _of_many(model, f"{function}_made", "NULL", _face(model, "became"), "became")
    yield _once("created", table, "INSERT", f"{function}_made", "NEW TABLE AS became")
    if _lists(model):
        # What goes with a row by cascade is gone after it: its lists are read before.
        yield _trigger("deleted", table, "BEFORE DELETE", f"FOR EACH ROW EXECUTE FUNCTION {function}()")
    else:
        yield _of_many(model, f"{function}_gone", _face(model, "was"), "NULL", "was")
        yield _once("deleted", table, "DELETE", f"{function}_gone", "OLD TABLE AS was")
    for attribute in _lists(model):
        yield from _list_triggers(model, attribute)


def _of_many(model: type[Record], function: str, before: str, after: str, rows: str) -> DatabaseObject:
    """The function that notes all `rows` of a statement, `was` or `became`, with their faces `before` and `after`."""
    known = rows.partition(" ")[0]
    sql = f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE cause jsonb = history_cause();
DECLARE this uuid = history_batch();
BEGIN
  INSERT INTO change_outbox (batch, label, object_id, request_id, user_id, user_name, before, after)
  SELECT this, '{model.label}', {known}.id, cause->>'request_id', (cause->>'user_id')::integer, cause->>'user_name',
         {before}, {after}
  FROM {rows}
  ON CONFLICT (batch, label, object_id) DO UPDATE SET after = excluded.after;
  RETURN NULL;
END $$;
"""
    return DatabaseObject(function, sql)


def _once(event: str, table: str, verb: str, function: str, rows: str) -> DatabaseObject:
    when = " WHEN (pg_trigger_depth() = 0)" if verb == "UPDATE" else ""
    does = f"REFERENCING {rows} FOR EACH STATEMENT{when} EXECUTE FUNCTION {function}()"
    return _trigger(event, table, f"AFTER {verb}", does)


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
    jsonb_build_object('{attribute.name}', coalesce((
      SELECT jsonb_agg(target_id ORDER BY target_id) FROM (
        {mine(table)} AND (TG_OP = 'DELETE' OR target_id NOT IN ({mine("changed")}))
        UNION SELECT target_id FROM changed WHERE owner_id = t.id AND TG_OP = 'DELETE'
      ) AS former), '[]'::jsonb)), jsonb_build_object('{attribute.name}', face.made->'{attribute.name}'), face.made)
  FROM {owners} AS t CROSS JOIN LATERAL (SELECT {_face(model, "t")} AS made) AS face
  WHERE t.id IN (SELECT owner_id FROM changed);
  RETURN NULL;
END $$;
""",
    )
    for event, verb, rows in (("added", "INSERT", "NEW"), ("removed", "DELETE", "OLD")):
        yield _once(event, table, verb, function, f"{rows} TABLE AS changed")
