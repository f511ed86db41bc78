"""Triggers: what puts a change of a claimed object into the outbox, whoever makes it and in whatever way.

They are made from the contracts and applied after every migration. A trigger sees what no application code does: rows
that go by a foreign key's cascade, and rows that one statement changes in bulk. The transaction learns from a setting
of its own whom its changes concern: a JSON object of the first entry for each holder.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, text
from sqlalchemy.orm import aliased
from sqlalchemy.sql import visitors

from shared.db.advisory_locks import AdvisoryLock
from shared.references.owning import fact_sql
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

PUBLISHED = "patchbay.published"
# Whether the transaction applies a delivery: what it changes then followed from that.
APPLYING = "patchbay.applying"

# A database is one for as long as it says so; a new one says so from its first migration on.
INCARNATION = """
INSERT INTO reference_incarnation (id) SELECT gen_random_uuid() WHERE NOT EXISTS (SELECT FROM reference_incarnation)
"""

FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION reference_publish(of_label text, ids integer[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE known jsonb = coalesce(nullif(current_setting('{PUBLISHED}', true), ''), '{{}}');
DECLARE applying boolean = coalesce(current_setting('{APPLYING}', true) = 'true', false);
DECLARE made jsonb;
BEGIN
  WITH put AS (
    INSERT INTO reference_outbox AS entry (service, label, object_id, followed)
    SELECT DISTINCT c.service, c.label, changed.id, applying FROM unnest(ids) AS changed(id)
    JOIN reference_claim c ON c.label = of_label AND c.object_id IN (changed.id, 0) ORDER BY 1, 3
    ON CONFLICT (service, label, object_id)
    DO UPDATE SET id = nextval('reference_outbox_id_seq'), followed = entry.followed OR excluded.followed
    RETURNING entry.service, entry.id
  ), first AS (SELECT service, min(id) AS id FROM put GROUP BY service)
  SELECT jsonb_object_agg(service, id) INTO made FROM first;
  IF made IS NOT NULL THEN
    PERFORM set_config('{PUBLISHED}', (made || known)::text, true);
  END IF;
END $$;
CREATE OR REPLACE FUNCTION reference_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM reference_publish(TG_ARGV[0], ARRAY[NEW.id]);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reference_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM reference_publish(TG_ARGV[0], ARRAY[OLD.id]);
  DELETE FROM reference_claim WHERE label = TG_ARGV[0] AND object_id = OLD.id;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reference_rippled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE ids integer[];
BEGIN
  PERFORM pg_advisory_xact_lock({AdvisoryLock.DEPENDENT_FACTS:d});
  EXECUTE 'SELECT array(' || TG_ARGV[1] || ')' INTO ids USING OLD;
  PERFORM reference_publish(TG_ARGV[0], ids);
  RETURN NULL;
END $$;
"""


class ChangedWith(Protocol):
    """Facts that change with another type (`shared.api.resource.DependentFacts`)."""

    @property
    def label(self) -> str: ...

    @property
    def columns(self) -> tuple[str, ...]: ...

    @property
    def ids(self) -> str: ...


class Publishing(Protocol):
    """A resource, as far as this module knows one."""

    @property
    def model(self) -> type[Record]: ...

    @property
    def is_home(self) -> bool: ...

    @property
    def dependent_facts(self) -> Sequence[ChangedWith]: ...


def install(connection: Connection, base: type[Record], resources: Iterable[Publishing]) -> None:
    """Make the triggers of every published type of this service agree with its contract."""
    connection.execute(text(FUNCTIONS.replace(":", "\\:")))
    connection.execute(text(INCARNATION))
    _drop_all(connection)
    for resource in resources:
        if resource.model.label in CONTRACTS and resource.is_home:
            _install_own(connection, resource.model)
            for ripple in resource.dependent_facts:
                _install_ripple(connection, base.model_of(ripple.label), resource.model, ripple)


def names(base: type[Record], resources: Iterable[Publishing]) -> set[tuple[str, str]]:
    """(table, trigger) of each trigger that `install` makes."""
    found = set()
    for resource in resources:
        model = resource.model
        if model.label in CONTRACTS and resource.is_home:
            kinds = ("deleted", "changed", "created") if CONTRACTS[model.label].complete else ("deleted", "changed")
            found |= {(model.__tablename__, f"reference_{kind}") for kind in kinds}
            for ripple in resource.dependent_facts:
                source = base.model_of(ripple.label).__tablename__
                found.add((source, f"reference_ripple_{model.__tablename__}"))
    return found


def _drop_all(connection: Connection) -> None:
    mine = connection.execute(
        text("SELECT tgname, tgrelid\\:\\:regclass\\:\\:text FROM pg_trigger WHERE tgname LIKE 'reference\\_%'")
    )
    for name, table in mine.all():
        connection.execute(text(f'DROP TRIGGER "{name}" ON {table}'))


def _install_own(connection: Connection, model: type[Record]) -> None:
    table, label = model.__tablename__, model.label
    connection.execute(
        text(
            f"CREATE TRIGGER reference_deleted AFTER DELETE ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION reference_deleted('{label}')"
        )
    )
    if CONTRACTS[label].complete:
        connection.execute(
            text(
                f"CREATE TRIGGER reference_created AFTER INSERT ON {table} FOR EACH ROW"
                f" EXECUTE FUNCTION reference_changed('{label}')"
            )
        )
    connection.execute(
        text(
            f"CREATE TRIGGER reference_changed AFTER UPDATE ON {table} FOR EACH ROW"
            f" WHEN ({_differs(published_columns(model))})"
            f" EXECUTE FUNCTION reference_changed('{label}')"
        )
    )


def _install_ripple(connection: Connection, source: type[Record], model: type[Record], ripple: ChangedWith) -> None:
    quoted = ripple.ids.replace("'", "''")
    connection.execute(
        text(
            f"CREATE TRIGGER reference_ripple_{model.__tablename__} AFTER UPDATE ON {source.__tablename__} FOR EACH ROW"
            f" WHEN ({_differs(ripple.columns)}) EXECUTE FUNCTION reference_rippled('{model.label}', '{quoted}')"
        )
    )


def _differs(columns: Iterable[str]) -> str:
    return " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)


def published_columns(model: type[Record]) -> list[str]:
    """The columns of the model's own table that its contract's facts are made of."""
    entity = aliased(model)
    table = entity.id.table
    found = set()
    for name in CONTRACTS[model.label].facts:
        for element in visitors.iterate(fact_sql(model, entity, name)):
            named: Any = element
            if getattr(named, "table", None) is table:
                found.add(named.name)
    return sorted(found)
