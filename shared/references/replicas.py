"""Replicas: the rows in which a holder keeps what it knows of the objects of others, and what refers to them."""

import logging
from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Text,
    cast,
    column,
    delete,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.references.owning import among
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

log = logging.getLogger(__name__)


def store(session: Session, target: type[Record], summaries: list[JsonObject]) -> None:
    """Write replicas as their owner describes them; a fact that it does not publish is null."""
    if not summaries:
        return
    columns = [target.__table__.c[name] for name in ("id", *CONTRACTS[target.label].kept)]
    told = _told(target, summaries, columns)
    rows = select(*told, false()).order_by(told[0])
    statement = postgresql.insert(target.__table__).from_select([*columns, "released"], rows)
    changes = {each.name: statement.excluded[each.name] for each in columns if each.name in summaries[0]}
    changes["released"] = statement.excluded.released
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes))


def refresh(session: Session, target: type[Record], summaries: list[JsonObject]) -> None:
    """Update the facts that have changed of those described replicas that are kept here."""
    table = target.__table__
    columns = [table.c[name] for name in CONTRACTS[target.label].kept if summaries and name in summaries[0]]
    if not columns:
        return
    number, *told = _told(target, summaries, [table.c.id, *columns])
    changes = {each.name: new for each, new in zip(columns, told, strict=True)}
    differs = or_(*(each.is_distinct_from(new) for each, new in zip(columns, told, strict=True)))
    session.execute(update(table).where(table.c.id == number, differs).values(changes))


def _told(target: type[Record], summaries: list[JsonObject], columns: list[Column[Any]]) -> list[ColumnElement[Any]]:
    """The `columns` of the rows that `summaries` describe, by name: PostgreSQL leaves out what it does not know."""
    kind: ColumnElement[Any] = literal_column(f"NULL::{target.__table__}")
    rows = func.jsonb_populate_recordset(kind, cast(literal(orjson.dumps(summaries).decode(), Text), JSONB))
    told = rows.table_valued(*(column(each.name, each.type) for each in columns), name="told")
    return [told.c[each.name] for each in columns]


def complete(session: Session, target: type[Record], ids: Iterable[int]) -> None:
    """Drop the replicas of a complete contract that are not among `ids`, and remember that there are no others."""
    known = target.metadata.tables["reference_complete"]
    session.execute(delete(target).where(~among(target.id, ids)))
    session.execute(postgresql.insert(known).values(label=target.label).on_conflict_do_nothing())


def drop(session: Session, target: type[Record], gone: Iterable[int]) -> None:
    """Delete the replicas `gone`, unless one is protected: no release allowed that, so only a restored backup can."""
    if not gone:
        return
    unprotected = [~exists().where(key == target.id) for _, key in protecting(target)]
    session.execute(delete(target).where(among(target.id, gone), *unprotected))
    if dangling := session.scalars(select(target.id).where(among(target.id, gone))).all():
        log.error("%s %s are gone but still referred to: see `patchbay audit`", target.label, dangling)


def protecting(target: type[Record]) -> list[tuple[type[Record], Column[Any]]]:
    """The (model, column) pairs of this service whose references keep a `target` from being deleted."""
    return [(model, key.parent) for model, key in pointing(target) if key.ondelete is None]


def pointing(target: type[Record]) -> list[tuple[type[Record], ForeignKey]]:
    """The (model, foreign key) pairs of this service that refer to a `target`."""
    keys = [(model, key) for model in target.models.values() for key in model.__table__.foreign_keys]
    return [(model, key) for model, key in keys if key.column.table is target.__table__]


def referred(session: Session, target: type[Record], ids: Iterable[int]) -> set[int]:
    """Those of the replicas `ids` that any row of this service refers to."""
    keys = [key.parent for table in target.metadata.tables.values() for key in table.foreign_keys]
    mine = [key for key in keys if any(each.column.table is target.__table__ for each in key.foreign_keys)]
    if not (ids and mine):
        return set()
    return set(session.scalars(union(*(select(key).where(among(key, ids)) for key in mine))))
