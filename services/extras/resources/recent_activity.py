"""Recent activity: who wrote what, newest first, as NetBox 2.3 tells it: a view of the object changes."""

from typing import Any

from sqlalchemy import ColumnElement, case, func, literal

from services.extras.choices import ACTION
from services.extras.resources.object_changes import BY_TIME, BY_USER, BY_USERNAME, ObjectChange, shown_to
from shared.api.resource import READ, Resource
from shared.query.filter_base import Filter
from shared.query.filters import ChoiceFilter
from shared.references.history_functions import CREATED, DELETED, UPDATED
from shared.schema import fields, parsing
from shared.schema.models import Attribute
from shared.schema.view import View

# NetBox 2.3 numbers what was done in another way than its later releases do.
FORMER_ACTION = {CREATED: 1, UPDATED: 3, DELETED: 5}
_ESCAPED = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ('"', "&#34;"))


class Html(fields.Text):
    """Text with at most one link to an object, as HTML."""

    shape = {"format": "html"}


def _action(change: Any) -> ColumnElement[Any]:
    return case(FORMER_ACTION, value=change.action)


def _message(change: Any) -> ColumnElement[Any]:
    """What was done to what, as HTML."""
    deed = case({action: dict(ACTION)[former] for action, former in FORMER_ACTION.items()}, value=change.action)
    name = change.object_repr
    for character, written in _ESCAPED:
        name = func.replace(name, character, written)
    link = literal('<a href="') + change.home + literal('">') + name + literal("</a>")
    shown = case((change.action == DELETED, name), else_=link)
    kind = func.split_part(change.changed_object_type, ".", 2)
    return deed + literal(" ") + kind + literal(" ") + shown


def _computed(name: str, field: fields.Field, expression: Any) -> Attribute:
    field.dump_only = True
    return Attribute(name, name, field, expression)


SHOWN = (
    ObjectChange.attributes["id"],
    ObjectChange.attributes["time"],
    ObjectChange.attributes["user"],
    _computed("action", fields.Choice(ACTION), _action),
    _computed("content_type", fields.Text(), lambda change: change.changed_object_type),
    _computed("object_id", fields.Integer(), lambda change: change.changed_object_id),
    _computed("message", Html(), _message),
)

recent_activity = Resource(
    ObjectChange,
    view=View("extras", ObjectChange, {each.name: each for each in SHOWN}, path="recent-activity"),
    base_conditions=(ObjectChange.requested.is_(True), ObjectChange.user_id.is_not(None)),
    filters=(
        BY_USER,
        BY_USERNAME,
        ChoiceFilter("action", _action(ObjectChange), fields.Choice(ACTION)),
        Filter("content_type", lambda text: ObjectChange.changed_object_type == text),
        Filter(
            "object_id",
            lambda text: ObjectChange.changed_object_id == parsing.to_integer(text) if text.isdigit() else None,
        ),
        *BY_TIME,
    ),
    order=("-time",),
    columns=("time", "user", "message"),
    methods=READ,
    visible=shown_to,
)
