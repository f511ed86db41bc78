"""Triggers: what puts a change of a claimed object into the outbox, whoever makes it and in whatever way.

They are made from the contracts, after every migration if they are others than before. A trigger sees what no
application code does: rows that go by a foreign key's cascade, and rows that one statement changes in bulk. The
transaction learns from a setting of its own whom its changes concern: a JSON object of the first entry for each holder.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy.orm import aliased
from sqlalchemy.sql import visitors

from shared.db.advisory_locks import AdvisoryLock
from shared.db.definitions import DatabaseObject
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

_FUNCTIONS = (
    DatabaseObject(
        "reference_publish",
        f"""
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
""",
        arguments="text, integer[]",
    ),
    DatabaseObject(
        "reference_changed",
        """
CREATE OR REPLACE FUNCTION reference_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM reference_publish(TG_ARGV[0], ARRAY[NEW.id]);
  RETURN NULL;
END $$;
""",
    ),
    DatabaseObject(
        "reference_deleted",
        """
CREATE OR REPLACE FUNCTION reference_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM reference_publish(TG_ARGV[0], ARRAY[OLD.id]);
  DELETE FROM reference_claim WHERE label = TG_ARGV[0] AND object_id = OLD.id;
  RETURN NULL;
END $$;
""",
    ),
    DatabaseObject(
        "reference_rippled",
        f"""
CREATE OR REPLACE FUNCTION reference_rippled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE ids integer[];
BEGIN
  PERFORM pg_advisory_xact_lock({AdvisoryLock.DEPENDENT_FACTS:d});
  EXECUTE 'SELECT array(' || TG_ARGV[1] || ')' INTO ids USING OLD;
  PERFORM reference_publish(TG_ARGV[0], ids);
  RETURN NULL;
END $$;
""",
    ),
)


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


def definitions(base: type[Record], resources: Iterable[Publishing]) -> list[DatabaseObject]:
    """What has every published type of this service tell of its changes, as its contract says."""
    found = list(_FUNCTIONS)
    for resource in resources:
        if resource.model.label in CONTRACTS and resource.is_home:
            found += _own(resource.model)
            for ripple in resource.dependent_facts:
                found.append(_ripple(base.model_of(ripple.label), resource.model, ripple))
    return found


def _own(model: type[Record]) -> list[DatabaseObject]:
    table, label = model.__tablename__, model.label
    kinds = {
        "deleted": ("DELETE", "", "reference_deleted"),
        "changed": ("UPDATE", f" WHEN ({_differs(published_columns(model))})", "reference_changed"),
    }
    if CONTRACTS[label].complete:
        kinds["created"] = ("INSERT", "", "reference_changed")
    return [
        DatabaseObject(
            f"reference_{kind}",
            f"CREATE OR REPLACE TRIGGER reference_{kind} AFTER {event} ON {table} FOR EACH ROW{when}"
            f" EXECUTE FUNCTION {function}('{label}')",
            table=table,
        )
        for kind, (event, when, function) in kinds.items()
    ]


def _ripple(source: type[Record], model: type[Record], ripple: ChangedWith) -> DatabaseObject:
    name, quoted = f"reference_ripple_{model.__tablename__}", ripple.ids.replace("'", "''")
    return DatabaseObject(
        name,
        f"CREATE OR REPLACE TRIGGER {name} AFTER UPDATE ON {source.__tablename__} FOR EACH ROW"
        f" WHEN ({_differs(ripple.columns)}) EXECUTE FUNCTION reference_rippled('{model.label}', '{quoted}')",
        table=source.__tablename__,
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
