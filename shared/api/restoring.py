"""Bringing back what was elsewhere, or here before: a superuser creates objects as they were, with their ids.

`POST …?restore=true` keeps the `id` of each object that has one, and makes nothing beside it (a device gets no
components of its type's templates: they come back by themselves). An id means one object for ever: one that may have
been given out before is refused, and those that come after are greater. An undo may use those of what it makes again.
"""

from flask import request
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.http.errors import Forbidden
from shared.schema import fields, openapi_schemas
from shared.schema.changes import Change
from shared.schema.models import Record
from shared.schema.parsing import MAX_INTEGER, to_integer
from shared.security import authorization

PARAMETER = openapi_schemas.query(
    "restore",
    "For superusers: each object keeps the `id` that it is sent with, which must be greater than any given out so far, "
    "and nothing is made beside it.",
    "boolean",
)


def is_asked_for() -> bool:
    """Whether the request brings objects back. Raises Forbidden for who is no superuser."""
    if request.args.get("restore", "").lower() not in fields.Boolean.TRUE:
        return False
    if not authorization.caller().superuser:
        raise Forbidden("Only a superuser may bring objects back with what they were.")
    return True


def again(model: type[Record], pk: int, face: JsonObject) -> Record:
    """A new object in the place of one that was deleted: with its id, and the day on which it was created."""
    made = model(id=pk)
    created = model.attributes.get("created")
    if created and face.get("created") is not None:
        setattr(made, created.column, created.field.deserialize(face["created"]))
    return made


def keep_ids(session: Session, model: type[Record], changes: list[Change]) -> None:
    """Give new objects the ids that they are sent with, before others can get them."""
    asked = [(change, change.sent["id"]) for change in changes if isinstance(change.sent, dict) and "id" in change.sent]
    if not asked:
        return
    sequence = session.scalar(select(func.pg_get_serial_sequence(model.__tablename__, "id")))
    last = session.scalar(text(f"SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {sequence}"))
    kept: set[int] = set()
    for change, sent in asked:
        pk = to_integer(sent)
        if pk is None or not 0 < pk < MAX_INTEGER:
            change.fail("A valid id is required.", "id")
        elif pk <= last or pk in kept:
            change.fail(f"The id {pk} may have been given out before: only one greater than {last} can be kept.", "id")
        else:
            change.object.id = pk
            kept.add(pk)
    if kept and not any(change.errors for change in changes):
        # Unlike setval, it is undone with the transaction, and until then nobody else gets a number.
        session.execute(text(f"ALTER SEQUENCE {sequence} RESTART WITH {max(kept) + 1}"))
