"""The two ways to undo: one change with what belongs to it, or all that a request changed."""

from flask import Blueprint, Response, request
from marshmallow import fields as ma

from services.extras.choices import CHANGE
from services.extras.undoing import changes
from services.extras.undoing.carrying_out import Caller, Conflicted, Undo
from shared import JsonObject
from shared.api.error_schemas import DetailSchema
from shared.api.openapi import operation
from shared.api.views import object_id
from shared.http import request_body
from shared.http.errors import BadRequest, Conflict
from shared.http.responses import base_url, json_response
from shared.references.history_functions import CREATED, DELETED, UPDATED
from shared.schema import fields, openapi_schemas
from shared.schema.representations import BaseSchema
from shared.security import authorization
from shared.security.identity import DELEGATION_HEADER
from shared.telemetry.origin import origin

PREVIEW = "dry_run"
PREVIEWED: JsonObject = {"x-preview": PREVIEW}
PARAMETER = openapi_schemas.query(
    PREVIEW, "Only say what would be done, and what is in the way of it; nothing is changed.", "boolean"
)
ACTIONS = {"create": CREATED, "update": UPDATED, "delete": DELETED}


class UndoneSchema(BaseSchema):
    """What becomes of one object; `values` are those that are set, each `from` what it is `to` what it gets."""

    action = ma.Dict(required=True)
    type = ma.String(required=True)
    id = ma.Integer(required=True)
    url = ma.URL(required=True)
    name = ma.String(required=True)
    values = ma.Dict(required=True)


class ConflictSchema(BaseSchema):
    """What is in the way of an undo: of which object, of which of its attributes (or of none), and why."""

    type = ma.String(required=True)
    id = ma.Integer(required=True)
    url = ma.String(required=True)
    name = ma.String(required=True)
    field = ma.String(required=True)
    detail = ma.String(required=True)


class UndoSchema(BaseSchema):
    """An undo: `request_id` is its own, under which it can be undone in turn."""

    dry_run = ma.Boolean(required=True)
    request_id = ma.String(required=True)
    changes = ma.List(ma.Nested(UndoneSchema), required=True)
    conflicts = ma.List(ma.Nested(ConflictSchema), required=True)


class RefusedSchema(DetailSchema):
    """Why nothing was undone."""

    conflicts = ma.List(ma.Nested(ConflictSchema), required=True)


class RequestSchema(BaseSchema):
    request_id = ma.String(required=True)


undo = Blueprint("undo", __name__, url_prefix="/api/extras/object-changes")


@undo.post("/<pk>/revert/")
@operation("POST", "Undo change", UndoSchema, parameters=(PARAMETER,), conflict=RefusedSchema, **PREVIEWED)
def undo_change(pk: str) -> Response:
    """Undo one change; one that created or deleted an object with all of the same request that belongs to that."""
    authorization.require(lambda verb: None)
    row, caller = changes.row_of(object_id(pk)), _caller()
    if row.action == UPDATED or not row.request_id:
        return _answer(caller, caller.examine(changes.folded([row])))
    caller.gather()
    key = row.changed_object_type, row.changed_object_id
    return _answer(caller, caller.examine(changes.of_request(row.request_id), only=key))


@undo.post("/revert/")
@operation(
    "POST",
    "Undo request",
    UndoSchema,
    body=RequestSchema,
    parameters=(PARAMETER,),
    conflict=RefusedSchema,
    **PREVIEWED,
)
def undo_request() -> Response:
    """Undo all that a request changed, in every service."""
    authorization.require(lambda verb: None)
    asked = request_body.require_object(request_body.body()).get("request_id")
    if not isinstance(asked, str) or not asked:
        raise BadRequest({"request_id": [fields.REQUIRED if asked is None else "Not a valid string."]})
    caller = _caller()
    caller.gather()
    return _answer(caller, caller.examine(changes.of_request(asked)))


def _caller() -> Caller:
    return Caller(request.headers.get(DELEGATION_HEADER, ""))


def _answer(caller: Caller, undo: Undo) -> Response:
    """Raises Conflict, Forbidden, ServiceUnavailable."""
    only_said = request.args.get(PREVIEW, "").lower() in fields.Boolean.TRUE
    conflicts = undo.conflicts
    try:
        if not conflicts:
            caller.check(undo)
            if not only_said:
                caller.do(undo)
    except Conflicted as found:
        conflicts = found.conflicts
    shown = [_with_url(each) for each in conflicts]
    if conflicts and not only_said:
        raise Conflict({"detail": "Not all of it can be undone, so nothing was.", "conflicts": shown})
    done = [_undone(each) for each in undo.objects]
    said = {"dry_run": only_said, "request_id": origin().request_id}
    return json_response({**said, "changes": done, "conflicts": shown})


def _with_url(conflict: JsonObject) -> JsonObject:
    path = conflict["path"]
    names = ("type", "id", "name", "field", "detail")
    return {name: conflict[name] for name in names} | {"url": f"{base_url()}{path}" if path else ""}


def _undone(each: JsonObject) -> JsonObject:
    action = ACTIONS[each["do"]]
    return {
        "action": {"value": action, "label": dict(CHANGE)[action]},
        "type": each["label"],
        "id": each["id"],
        "url": f"{base_url()}{each['path']}",
        "name": each["name"],
        "values": {name: {"from": each["now"][name], "to": value} for name, value in each["values"].items()},
    }
