"""What the OpenAPI document says of a resource's verbs, and of other views: shapes, filters and errors."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from marshmallow import Schema
from marshmallow import fields as ma

from shared import JsonObject
from shared.api import restoring, selection, uniqueness
from shared.api.csv.writing import MEDIA
from shared.api.error_schemas import ERRORS, LIST_ERRORS, InvalidSchema
from shared.api.openapi_bodies import TABLE, WITH_IDS, body, list_body, listed, one_or_many, request
from shared.api.openapi_parameters import list_parameters, selecting
from shared.api.resource import Action, Resource, Shape
from shared.api.titles import context_of
from shared.schema.representations import BaseSchema
from shared.security import authorization, idempotency

View = Callable[..., Any]
V = TypeVar("V", bound=View)
# By status, or by the word `default`.
Responses = dict[int | str, Any]

# The name of the reply that every operation may give besides those that it names.
DEFAULT_ERROR = "DEFAULT_ERROR"

AS_CSV: JsonObject = {MEDIA: {"schema": {"type": "string", "description": TABLE}}}
VERBS = {"POST": "Create", "GET": "Read", "PUT": "Replace", "PATCH": "Change", "DELETE": "Delete"}


class SheetLineSchema(Schema):
    """What became of one line of CSV."""

    line = ma.Integer(required=True)
    id = ma.Integer(required=True, allow_none=True)
    what = ma.String(required=True, metadata={"enum": ["created", "changed", "unchanged"]})


class SheetSchema(Schema):
    """What came of a file of CSV."""

    created = ma.Integer(required=True)
    changed = ma.Integer(required=True)
    unchanged = ma.Integer(required=True)
    rows = ma.List(ma.Nested(SheetLineSchema), required=True)


@cache
def page_schema(read: type[Schema]) -> type[Schema]:
    """One page of a list."""
    shape: dict[str, ma.Field[Any]] = {
        "count": ma.Integer(required=True),
        "next": ma.URL(allow_none=True, required=True),
        "previous": ma.URL(allow_none=True, required=True),
        "results": ma.List(ma.Nested(read), required=True),
    }
    return Schema.from_dict(shape, name=read.__name__.removesuffix("Schema") + "Page")


@cache
def read_schema(resource: Resource) -> type[Schema]:
    """What GET answers, with what other services add to it."""
    read = resource.schemas()[0]
    defaults = selection.everything(resource).lookup_defaults
    replaced = {lookup.of: None for lookup in resource.lookups if lookup.of}
    kinds = {name: ma.Dict if default is None else ma.Integer for name, default in (defaults | replaced).items()}
    shown = {name: kind(dump_only=True, allow_none=True) for name, kind in kinds.items()}
    return BaseSchema.from_dict(read._declared_fields | shown, name=read.__name__) if shown else read


def describe(resource: Resource, verb: str, view: View | Action) -> JsonObject:
    """The operation of `verb` that `view` answers."""
    if isinstance(view, Action):
        return _describe_action(resource, verb, view)
    on_list = view.__name__.endswith("_objects")
    noun = resource.model.verbose_name + ("s" if on_list and verb != "POST" else "")
    parameters = [] if on_list else [_PK]
    if verb == "GET":
        parameters += list_parameters(resource) if on_list else selecting()
    else:
        parameters += [idempotency.PARAMETER, *([restoring.PARAMETER] if on_list else [])]
    return {
        "summary": f"{'List' if on_list and verb == 'GET' else VERBS[verb]} {noun}",
        "operationId": _operation(resource, view.__name__),
        "tags": [resource.app],
        "parameters": parameters,
        "responses": _responses(resource, verb, on_list),
        **(_belonging(resource) if verb == "GET" and on_list else {}),
        **({"description": resource.note} if resource.note and verb == "GET" else {}),
        **_permission(resource.permission, resource, verb),
        **(uniqueness.documented(resource) if verb == "POST" else {}),
        **(list_body(resource, verb) if on_list and verb in WITH_IDS else body(resource, verb)),
    }


def _belonging(resource: Resource) -> JsonObject:
    """What the objects of a list are part of: the references that are shown beside their names, and types beyond;
    whether the service tells how full they are, and which columns a table of them has.
    """
    told: JsonObject = {"x-part-of": list(context_of(resource)), "x-belongs-to": list(resource.belonging)}
    told |= {"x-utilization": True} if resource.utilization else {}
    return told | ({"x-columns": list(resource.columns)} if resource.columns else {})


def _describe_action(resource: Resource, verb: str, action: Action) -> JsonObject:
    reply = action.reply or {"type": "string", "format": "binary"}
    taken = one_or_many(action.body) if action.many and action.body else action.body
    return {
        "summary": f"{action.summary or action.name} of one {resource.model.verbose_name}".capitalize(),
        "operationId": _operation(resource, f"{action.name}_{verb.lower()}"),
        "tags": [resource.app],
        "parameters": [_PK, *action.query, *([] if verb == "GET" else [idempotency.PARAMETER])],
        "responses": {
            action.status: _answered(
                HTTPStatus(action.status).phrase, one_or_many(reply) if action.many else reply, action.media
            ),
            **_errors(ERRORS[verb]),
        },
        **({"x-shown": action.shown} if action.shown else {}),
        **_permission(action.permission or resource.permission, resource, verb),
        **request(taken),
    }


def operation(
    verb: str,
    summary: str,
    reply: Shape,
    *,
    body: Shape | None = None,
    status: int = 200,
    parameters: tuple[JsonObject, ...] = (),
    conflict: Shape | None = None,
    **more: Any,
) -> Callable[[V], V]:
    """Decorates a view that belongs to no resource with what the document says of its one `verb`."""
    responses: Responses = {status: _answered(summary, reply), "default": DEFAULT_ERROR}
    if body:
        responses[400] = _answered("What is wrong with the body", InvalidSchema)
    if conflict:
        responses[409] = _answered("What is in the way", conflict)

    def decorate(view: V) -> V:
        told = {"summary": summary, "parameters": list(parameters), **request(body), **more}
        documented: Any = view
        documented.operation = verb.lower(), told | {"responses": responses}
        return view

    return decorate


def _responses(resource: Resource, verb: str, on_list: bool) -> Responses:
    """What the verb of a resource answers, and the errors that it may end in."""
    read, (_, write, _) = read_schema(resource), resource.schemas()
    replies = {"POST": one_or_many(write), "DELETE": None, "GET": page_schema(read) if on_list else read}
    status = {"POST": 201, "DELETE": 204}.get(verb, 200)
    answers: Responses = {
        status: _answered(HTTPStatus(status).phrase, replies.get(verb, listed(write) if on_list else write))
    }
    if verb == "POST":
        answers[200] = _answered("Saved from CSV", SheetSchema)
    if verb == "GET" and on_list:
        answers[200]["content"] |= AS_CSV
    errors = ERRORS[verb] | (LIST_ERRORS if on_list and verb in WITH_IDS else {})
    return answers | _errors({code: schema for code, schema in errors.items() if not (on_list and code == 404)})


def _errors(schemas: dict[int, Any]) -> Responses:
    told = {code: _answered(HTTPStatus(code).phrase, schema) for code, schema in schemas.items()}
    return told | {"default": DEFAULT_ERROR}


def _answered(said: str, schema: Shape | None, media: str | None = None) -> JsonObject:
    """A reply, and what is said of it; without a body where there is no schema."""
    content = {"content": {media or "application/json": {"schema": schema}}} if schema else {}
    return {"description": said, **content}


def _operation(resource: Resource, name: str) -> str:
    return f"{resource.app}_{resource.path}_{name}".replace("-", "_")


def _permission(permission_of: Callable[[str], str | None], resource: Resource, verb: str) -> JsonObject:
    needed = None if verb in authorization.SAFE else permission_of(authorization.PERMISSION_OF[verb])
    return {"x-type": resource.model.label} | ({"x-permission": needed} if needed else {})


_PK = {"in": "path", "name": "pk", "required": True, "schema": {"type": "integer"}, "description": "The id."}
