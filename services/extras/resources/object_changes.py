"""Object changes: what every write of every service changed, with what was before and after.

Their ids are positions: they are given out one transaction after another, so who has seen one has seen all below it.
"""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, String, Text, Uuid, case, literal, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column
from werkzeug.datastructures import MultiDict

from services.extras.base import Base
from services.extras.choices import CHANGE
from services.extras.stream import After, Stream, Wait
from shared.api.resource import READ, Resource
from shared.db import json_sql
from shared.db.database import database
from shared.db.prepared import BASE_URL
from shared.query.date_filters import MomentFilter
from shared.query.filter_base import Filter
from shared.query.filters import ReferenceFilter
from shared.references.history_functions import DELETED, NAME_LENGTH
from shared.schema import fields
from shared.schema.columns import SET_NULL, choice, column, computed, date_time, reference
from shared.security.identity import Identity


def _changed_object(change: Any) -> ColumnElement[Any]:
    """Where the object is, and what it was called then; null where it was deleted."""
    face = {"id": change.changed_object_id, "url": _url(change.home), "name": change.object_repr}
    there = case((change.action != DELETED, change.home))
    return json_sql.object_if(there, json_sql.object_of(face))


def _related_object(change: Any) -> ColumnElement[Any]:
    face = {"id": change.related_object_id, "url": _url(change.related_home)}
    return json_sql.object_if(change.related_home, json_sql.object_of(face))


def _url(path: Any) -> ColumnElement[Any]:
    """The address of what is at `path`, as JSON; there is nothing in it to escape."""
    return type_coerce(literal('"').op("||")(BASE_URL).op("||")(path).op("||")('"'), json_sql.Written())


class ObjectChange(Base):
    path = "object-changes"
    nested = ()

    note = mapped_column(Uuid, unique=True, nullable=False)
    time = date_time(automatic=True, index=True)
    user_id = reference("users.user", on_delete=SET_NULL, null=True, nested=("username",))
    user_name = column(String(150), fields.Text(dump_only=True))
    request_id = column(Text, fields.Text(dump_only=True))
    action = choice(CHANGE, listed=False)
    requested = column(Boolean, fields.Boolean(dump_only=True))
    changed_object_type = column(String(50), fields.Text(dump_only=True))
    changed_object_id = column(Integer, fields.Integer(dump_only=True))
    changed_object = computed(fields.Json(), _changed_object)
    object_repr = column(String(NAME_LENGTH), fields.Text(dump_only=True))
    related_object_type = column(String(50), fields.Text(dump_only=True, allow_none=True))
    related_object_id = column(Integer, fields.Integer(dump_only=True, allow_none=True))
    related_object = computed(fields.Json(), _related_object)
    prechange_data = column(JSONB(none_as_null=True), fields.Json(dump_only=True, allow_none=True))
    postchange_data = column(JSONB(none_as_null=True), fields.Json(dump_only=True, allow_none=True))
    home = mapped_column(String(200), nullable=False)
    related_home = mapped_column(String(200))


def shown_to(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    """Nobody learns here of what accounts, secrets and webhooks would not show themselves; everybody what it did."""
    if identity.superuser:
        return ()
    hidden = ["users.", "secrets."] if identity.anonymous else ["users.", "secrets.userkey", "secrets.sessionkey"]
    hidden += [] if identity.may("extras.change_webhook") else ["extras.webhook"]
    others = or_(*(ObjectChange.changed_object_type.startswith(label) for label in hidden))
    return (~others | (ObjectChange.user_id == identity.user_id),)


def _compared(name: str, compare: str) -> Filter:
    """A filter on the time of a change, which needs no lookup expression; what is no time matches nothing."""
    moments = MomentFilter(name, ObjectChange.time)

    def where(text: str) -> ColumnElement[bool] | None:
        moment = moments.read(text)
        return getattr(ObjectChange.time, compare)(moment) if hasattr(moment, "tzinfo") else None

    return Filter(name, where)


BY_USER = ReferenceFilter("user", ObjectChange, ("user",), by_key=False)
BY_USERNAME = ReferenceFilter("username", ObjectChange, ("user",), by_key=True)
BY_TIME = (_compared("time_after", "__ge__"), _compared("time_before", "__lt__"))


def _in_order(args: MultiDict[str, str]) -> tuple[ColumnElement[Any], ...]:
    return (ObjectChange.__table__.c.id,) if "after" in args else ()


def newest() -> int:
    """The highest position that was given out, or 0."""
    with database().reading() as connection:
        return connection.scalar(select(ObjectChange.id).order_by(ObjectChange.id.desc()).limit(1)) or 0


object_changes = Resource(
    ObjectChange,
    filters=(
        BY_USER,
        BY_USERNAME,
        "action",
        "changed_object_id",
        "changed_object_type",
        "object_repr",
        "related_object_id",
        "related_object_type",
        "request_id",
        "requested",
        "time",
        "user_name",
        *BY_TIME,
        After(ObjectChange.id),
        Wait(),
    ),
    reorder=_in_order,
    awaited=Stream(newest).awaited,
    search=("object_repr", "user_name", "request_id"),
    order=("-time",),
    # A deleted object is nowhere, but its name is known.
    columns=("time", "user", "action", "changed_object_type", "changed_object", "object_repr"),
    methods=READ,
    visible=shown_to,
)
