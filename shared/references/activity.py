"""Recent activity: what a write did is noted in its own transaction, and handed to the extras service later.

A note leaves the outbox once extras has it; extras keeps one entry for each note, however often it is told.
"""

import uuid
from functools import partial
from typing import Any

from flask import current_app
from sqlalchemy import Row, Table, delete, insert, select
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.db.database import database
from shared.http.context import context
from shared.references import client, releasing
from shared.schema.models import Record
from shared.security.authorization import caller

CREATED, MODIFIED, DELETED = 1, 3, 5
BATCH = 500


def note(session: Session, model: type[Record], action: int, objects: list[Any]) -> None:
    """Note that the caller did `action` to `objects` of `model`."""
    identity = caller()
    if not objects or identity.user_id is None:
        return
    outbox = model.metadata.tables["activity_outbox"]
    named = releasing.dependents(session, objects)
    session.execute(insert(outbox), [_entry(identity.user_id, action, each) for each in named])
    context().activity_noted = True


def _entry(user_id: int, action: int, named: JsonObject) -> JsonObject:
    return {
        "id": uuid.uuid4(),
        "user_id": user_id,
        "action": action,
        "content_type": named["type"],
        "object_id": named["id"],
        "name": named["name"][:200],
        "path": named["path"],
    }


def wake() -> None:
    """After the commit: have the follower hand over what was noted, without waiting for it."""
    follower = current_app.extensions.get("patchbay.follower")
    if follower and context().activity_noted:
        context().activity_noted = False
        follower.wake()


def hand_over(base: type[Record]) -> None:
    """Tell extras what was noted here. Raises ServiceDown."""
    outbox = base.metadata.tables["activity_outbox"]
    while True:
        with database().reading() as connection:
            notes = connection.execute(select(outbox).order_by(outbox.c.time).limit(BATCH)).all()
        if not notes:
            return
        client.call("extras", "activity", {"notes": [_told(each) for each in notes]})
        told = [each.id for each in notes]
        database().run(partial(_forget, outbox=outbox, told=told))


def _forget(session: Session, outbox: Table, told: list[uuid.UUID]) -> None:
    session.execute(delete(outbox).where(outbox.c.id.in_(told)))


def _told(row: Row[*tuple[Any, ...]]) -> JsonObject:
    return {str(name): value for name, value in row._mapping.items()}
