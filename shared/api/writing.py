"""The way of a write: read the fields, check references, uniqueness and rules, save once, answer in the write face.

A list takes the same way as one object: every step sees all changes, so its statements do not grow with them.
"""

from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session
from sqlalchemy.orm.attributes import set_committed_value

from shared import JsonObject
from shared.api import restoring, updating
from shared.api.resource import Resource
from shared.api.uniqueness import check_columns, check_sets
from shared.custom_fields import column as custom_fields
from shared.custom_fields import input as custom_field_input
from shared.http import request_body
from shared.http.errors import BadRequest
from shared.references import history, holding
from shared.references.history_functions import CREATED, UPDATED
from shared.schema import fields
from shared.schema.changes import Change, M
from shared.schema.models import Record
from shared.schema.representations import patch_schema, write_schema
from shared.security import authorization


def create(session: Session, resource: Resource, items: list[Any], restored: bool = False) -> list[Change]:
    """Create one object for each of `items`, or none. Raises BadRequest, a list of messages per item."""
    changes = [Change(resource.model(), item, creating=True, restored=restored) for item in items]
    _save(session, resource, changes, partial=False)
    return changes


def create_again(session: Session, resource: Resource, items: dict[int, JsonObject]) -> list[Change]:
    """Create objects that were deleted, as `items` say by the ids that they had. Raises as `create`."""
    changes = [
        Change(restoring.again(resource.model, pk, item), item, creating=True, restored=True, undoing=True)
        for pk, item in items.items()
    ]
    _save(session, resource, changes, partial=False)
    return changes


def update(
    session: Session,
    resource: Resource,
    targets: list[Any],
    items: list[Any],
    partial: bool,
    undoing: bool = False,
) -> list[Change]:
    """Change `targets`, which are locked rows, as `items` say, or none. Raises BadRequest, messages per item."""
    paired = zip(targets, items, strict=True)
    changes = [Change(target, item, creating=False, undoing=undoing) for target, item in paired]
    _save(session, resource, changes, partial)
    if len(changes) > 1:
        _look_again(session, resource, changes)
    return changes


def dump(resource: Resource, changes: list[Change]) -> list[JsonObject]:
    """The write faces of what was saved; a blank plain text that is stored as null is echoed, as NetBox does."""
    schema = schema_of(write_schema(resource.shown))
    faces: list[JsonObject] = schema.dump([change.object for change in changes], many=True)
    session = object_session(changes[0].object)
    for name, attribute in resource.attributes.items():
        if session and attribute.is_list and any(len(face[name]) > 1 for face in faces):
            _order_lists(session, resource.model, name, faces)
    for change, face in zip(changes, faces, strict=True):
        texts = [name for name in change.values if type(resource.attributes[name].field) is fields.Text]
        face.update({name: "" for name in texts if face.get(name, "") is None and change.sent[name] == ""})
    return faces


def _order_lists(session: Session, model: type[Record], name: str, faces: list[JsonObject]) -> None:
    """Put the ids in each list `name` into the order in which it is read."""
    table, target = getattr(model, name).property.secondary, model.model_of(model.attributes[name].field.target)
    order = [getattr(target, column) for column in (*target.listed_by, "id")]
    rows = select(table.c.owner_id, table.c.target_id).join(target, table.c.target_id == target.id).order_by(*order)
    by_owner: dict[int, list[int]] = {face["id"]: [] for face in faces}
    for owner, pk in session.execute(rows.where(table.c.owner_id.in_(by_owner))):
        by_owner[owner].append(pk)
    for face in faces:
        face[name] = by_owner[face["id"]]


def _save(session: Session, resource: Resource, changes: list[Change], partial: bool) -> None:
    for change in changes:
        load(resource, change, partial)
    referred = holding.fetch(session, resource.model, changes)
    custom_field_input.check(session, resource.model, changes)
    check_columns(session, resource, changes)
    sound = _sound(changes)
    for change in sound:
        _apply(resource, change, referred)
    check_sets(session, resource, sound)
    for step in (*resource.rules, *resource.before_save):
        if sound := _sound(sound):
            step(session, sound)
    elsewhere = [change for change in changes if change.restored and not change.undoing]
    restoring.keep_ids(session, resource.model, elsewhere)
    _refuse_if_wrong(changes)
    objects = [change.object for change in changes]
    stored = [change.object for change in changes if not change.creating]
    session.add_all(objects)
    updating.save(session, resource.model, stored, touch=True)
    session.flush()
    for hook in resource.after_save:
        hook(session, changes)
    updating.save(session, resource.model, stored)
    session.flush()
    history.note(session, resource.model, UPDATED if stored else CREATED, objects)


def _look_again(session: Session, resource: Resource, changes: list[Change]) -> None:
    """Run the rules again after saving: they read the database, and two moves in one list can form a cycle together."""
    for rule in resource.rules:
        rule(session, changes)
    _refuse_if_wrong(changes)


@cache
def schema_of(schema: type[Schema]) -> Schema:
    """The cached instance of `schema`: making one takes longer than loading an object with it."""
    return schema()


def load(resource: Resource, change: Change, partial: bool) -> None:
    """Read the fields of what was sent into `change.values`."""
    if not isinstance(change.sent, dict):
        change.errors = request_body.not_an_object(change.sent)
        return
    schema = schema_of((patch_schema if partial else write_schema)(resource.shown))
    try:
        loaded = schema.load(change.sent, partial=partial)
    except ValidationError as error:
        messages: Any = error.messages
        change.errors, loaded = dict(messages), error.valid_data
    by_column = {a.column: name for name, a in resource.attributes.items()}
    change.values = {by_column[column]: value for column, value in loaded.items()}


def _apply(resource: Resource, change: Change, referred: dict[str, dict[int, object]]) -> None:
    """Put the values on the object, with the objects they refer to at hand."""
    if change.creating:
        _apply_defaults(resource.model, change.object)
    for name, value in change.values.items():
        attribute = resource.attributes[name]
        if name == "custom_fields":
            value = custom_fields.merged(change.object.custom_fields, value)
        if attribute.is_list:
            value = [referred[attribute.field.target][pk] for pk in value]
        old = getattr(change.object, attribute.column)
        if not change.creating and old != value:
            change.before[attribute.column] = list(old) if attribute.is_list else old
        setattr(change.object, attribute.column, value)
        if attribute.is_reference:
            set_committed_value(change.object, name, referred[attribute.field.target].get(value))


def is_so(resource: Resource, change: Change) -> bool:
    """Whether all that a change says, loaded and with what it refers to found, is what its object has already."""
    for name, value in change.values.items():
        attribute = resource.attributes[name]
        now = getattr(change.object, attribute.column)
        if name == "custom_fields":
            value = custom_fields.merged(now, value)
        if attribute.is_list:
            now, value = {each.id for each in now}, set(value)
        if now != value:
            return False
    return True


def _apply_defaults(model: type[Record], target: Record) -> None:
    for column in model.__mapper__.columns:
        default: Any = column.default
        if default is not None and "field" in column.info and getattr(target, column.key) is None:
            setattr(target, column.key, default.arg(None) if default.is_callable else default.arg)


def _sound(changes: list[Change]) -> list[Change]:
    return [change for change in changes if not change.errors]


def _refuse_if_wrong(changes: list[Change]) -> None:
    if any(change.errors for change in changes):
        raise ValidationFailed(changes)


class ValidationFailed(BadRequest):
    """Some of the changes are wrong; the body has the messages of each."""

    def __init__(self, changes: list[Change]) -> None:
        self.messages = [change.errors for change in changes]
        super().__init__(self.messages)


def locked(session: Session, resource: Resource[M], pk: int) -> M | None:
    """The row `pk`, locked against other writers, or None."""
    model = resource.model
    return session.scalar(
        select(model)
        .where(model.id == pk, *resource.base_conditions, *authorization.visible_rows(resource))
        .with_for_update(of=model)
    )
