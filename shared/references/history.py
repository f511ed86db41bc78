"""History: what every write changed is noted in its own transaction, and handed to the extras service later.

Triggers note it (history_triggers.py), whoever changes a row and in whatever way; here is on whose behalf, and by which
name a request called the objects that it wrote. A note leaves the outbox once extras has it; extras keeps one change
for each note, however often it is told. Numbers of notes on one object are in the order of its commits, for each
transaction waited for the one before: what is read in their order arrives in it.
"""

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import orjson
from flask import current_app
from sqlalchemy import Column, ColumnElement, Row, Table, Text, and_, cast, delete, func, select, text
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.config import settings
from shared.db import prepared
from shared.db.database import database
from shared.references import client, releasing
from shared.references.history_functions import CAUSE, CREATED, DELETED, NAME_LENGTH, UPDATED
from shared.references.history_triggers import noting_function
from shared.schema.models import Record
from shared.schema.naming import home_in, name_in
from shared.security import replay_protection
from shared.security.authorization import caller
from shared.telemetry.origin import origin

# So many notes are told by one call, and none more once they have as many bytes as a client may send. With the
# last one, which tells of twice as much at most, that is less than a body between services may have.
BATCH = 500
_NOTES = "patchbay.notes"

# What a process of the release before has noted; the next release does without.
_OLDER = text(
    "WITH older AS (DELETE FROM activity_outbox RETURNING *), named AS ("
    "  INSERT INTO change_name (batch, label, object_id, action, name, path)"
    "  SELECT id, content_type, object_id, CASE action WHEN 1 THEN 1 WHEN 5 THEN 3 ELSE 2 END, name, path FROM older)"
    " INSERT INTO change_outbox (note, batch, label, object_id, time, user_id)"
    " SELECT id, id, content_type, object_id, time, user_id FROM older ORDER BY time"
)


def opening(session: Session) -> AbstractContextManager[None]:
    """What every transaction is opened with: that of a request accepts it once only, and is on behalf of its caller."""
    return replay_protection.guard(session, CAUSE, _caller)


def begin(session: Session, cause: JsonObject | None = None) -> None:
    """Say on whose behalf the transaction changes what it changes from here on: the caller's, unless it is another's.

    `cause` is as `reference_outbox` has it. The first transaction of a request knows the caller already (`opening`).
    """
    if cause is None and CAUSE in session.info:
        return
    said = _caller() if cause is None else orjson.dumps(cause).decode()
    session.execute(text(f"SELECT set_config('{CAUSE}', :cause, true)"), {"cause": said})


def _caller() -> str:
    identity = caller()
    cause = {"request_id": origin().request_id, "user_id": identity.user_id, "user_name": identity.username}
    return orjson.dumps(cause).decode()


def note(session: Session, model: type[Record], action: int, objects: list[Any]) -> None:
    """Have it noted, at the end of the transaction, that the caller did `action` to `objects` of `model`."""
    if not objects or caller().user_id is None:
        return
    named = orjson.dumps(releasing.dependents(session, objects)).decode()
    session.info.setdefault(_NOTES, []).append((noting_function(model), action, named))


def noted(session: Session, more: str) -> tuple[Any, ...]:
    """Write the notes of the transaction; the values of some more SQL, asked for by the same statement."""
    row: tuple[Any, ...] = ()
    for function, *values in session.info.pop(_NOTES, ()):
        asked = f"SELECT {function}($1, $2), {more}"
        row = prepared.execute(session.connection(), f"{function}_and_more", asked, tuple(values))[0][1:]
    return row or prepared.execute(session.connection(), "no_history_note", f"SELECT {more}", ())[0]


def wake() -> None:
    """After a commit: have the follower hand over what was noted, without waiting for it."""
    if follower := current_app.extensions.get("patchbay.follower"):
        follower.wake()


def adopt(base: type[Record]) -> None:
    """Take over what processes of the release before have noted, which may still run beside this one."""
    older = base.metadata.tables["activity_outbox"]
    with database().reading() as connection:
        if connection.execute(select(*older.primary_key).limit(1)).first() is None:
            return
    database().run(lambda session: session.execute(_OLDER))


def hand_over(base: type[Record]) -> None:
    """Tell extras what was noted here, in the order of the notes. Raises ServiceDown."""
    outbox, names = (base.metadata.tables[name] for name in ("change_outbox", "change_name"))
    while notes := _first(outbox, names):
        client.call("extras", "history", {"changes": [told for each in notes if (told := _told(base, each))]})
        database().run(partial(_forget, outbox=outbox, names=names, told=[each.id for each in notes]))
        if len(notes) == notes[0].found < BATCH:
            return


def _first(outbox: Table, names: Table) -> list[Row[*tuple[Any, ...]]]:
    """The first notes that one call may tell, of how many `found`, with the names of what was asked for."""
    sized = select(outbox.c.id, (_size(outbox.c.before) + _size(outbox.c.after)).label("size"))
    first = sized.order_by(outbox.c.id).limit(BATCH).subquery()
    ahead = func.coalesce(func.sum(first.c.size).over(order_by=first.c.id, rows=(None, -1)), 0)
    measured = select(first.c.id, ahead.label("ahead"), func.count().over().label("found")).subquery()
    named = [measured.c.found, names.c.action, names.c.name, names.c.path]
    tables = outbox.join(measured, measured.c.id == outbox.c.id).outerjoin(names, _same(outbox, names))
    rows = select(outbox, *named).select_from(tables).where(measured.c.ahead < settings.max_body_bytes)
    with database().reading() as connection:
        return list(connection.execute(rows.order_by(outbox.c.id)))


def _size(face: Column[Any]) -> ColumnElement[int]:
    """The bytes of a face as it is sent: as PostgreSQL keeps it, it may be compressed to a hundredth."""
    return func.coalesce(func.octet_length(cast(face, Text)), 0)


def _same(outbox: Table, names: Table) -> ColumnElement[bool]:
    return and_(*(names.c[name] == outbox.c[name] for name in ("batch", "label", "object_id")))


def _forget(session: Session, outbox: Table, names: Table, told: list[int]) -> None:
    mine = outbox.c.id.in_(told)
    session.execute(delete(names).where(_same(outbox, names), mine))
    session.execute(delete(outbox).where(mine))


def _told(base: type[Record], note: Any) -> JsonObject | None:
    """What extras keeps of a note; nothing of what came and went in one transaction."""
    action, model = note.action or _action(note), base.models.get(note.label)
    if action is None:
        return None
    face = note.after or note.before or {}
    known = bool(model and face)
    return {
        "note": str(note.note),
        "time": note.time,
        "request_id": note.request_id or "",
        "user_id": note.user_id,
        "user_name": note.user_name or "",
        "action": action,
        "requested": note.action is not None,
        "changed_object_type": note.label,
        "changed_object_id": note.object_id,
        "object_repr": note.name or (name_in(model, face)[:NAME_LENGTH] if model and known else ""),
        "home": note.path or (f"{home_in(model, face)}{note.object_id}/" if model else ""),
        "prechange_data": None if action == CREATED else note.before,
        "postchange_data": None if action == DELETED else note.after,
        **(_related(model, face) if model and known else {}),
    }


def _action(note: Any) -> int | None:
    """What became of an object that no request named."""
    if note.before is None:
        return None if note.after is None else CREATED
    return DELETED if note.after is None else UPDATED


def _related(model: type[Record], face: JsonObject) -> JsonObject:
    """The object that this one is part of: that with which it goes when that is deleted."""
    for name, attribute in model.attributes.items():
        if attribute.is_reference and (pk := face.get(name)) is not None:
            keys = model.__table__.columns[attribute.column].foreign_keys
            if any(key.ondelete == "CASCADE" for key in keys):
                target = model.model_of(attribute.field.target)
                path = f"{target.list_path()}{pk}/"
                return {"related_object_type": target.label, "related_object_id": pk, "related_home": path}
    return {}
