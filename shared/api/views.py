"""The verbs of a resource, as a blueprint."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.api import (
    bulk,
    deleting,
    exports,
    forms,
    openapi,
    options,
    parameters,
    reading,
    restoring,
    selection,
    writing,
)
from shared.api.csv import saving as csv_saving
from shared.api.csv import writing as csv_writing
from shared.api.narrowing import conditions
from shared.api.resource import ALL, Action, Resource
from shared.api.transaction import write
from shared.db.database import database
from shared.http import request_body
from shared.http.errors import MethodNotAllowed, NotFound, PreconditionFailed
from shared.http.responses import tag_of, tagged_response
from shared.query.ordering import Ordering
from shared.query.pagination import Page
from shared.query.shapes import expressions
from shared.schema.changes import M
from shared.schema.parsing import MAX_INTEGER
from shared.security import authorization

View = Callable[..., Response]


# The verbs of one path below that of a resource.
Verbs = Mapping[str, View | Action]


def blueprint(resource: Resource) -> Blueprint:
    """The routes of `resource`: its list, its objects, its actions."""
    made = Blueprint(f"{resource.app}/{resource.path}", __name__, url_prefix=resource.list_path().rstrip("/"))
    for rule, verbs in routes(resource):
        _route(made, resource, rule, verbs)
    return made


def routes(resource: Resource) -> Iterator[tuple[str, Verbs]]:
    """Every path below that of `resource`, with its verbs."""
    listed = resource.methods if resource.detail else ("GET", "POST")
    yield "/", {verb: view for verb, view in ON_LIST.items() if verb in listed and verb in resource.methods}
    if resource.detail:
        yield "/<pk>/", {verb: view for verb, view in ON_OBJECT.items() if verb in resource.methods}
    for name in dict.fromkeys(action.name for action in resource.actions):
        same = [action for action in resource.actions if action.name == name]
        yield f"/<pk>/{name}/", {verb: action for action in same for verb in action.methods}


def operations(resource: Resource) -> Iterator[tuple[str, JsonObject]]:
    """What the OpenAPI document says of each path of `resource`, by verb."""
    for rule, verbs in routes(resource):
        told = {verb.lower(): openapi.describe(resource, verb, view) for verb, view in verbs.items()}
        yield resource.list_path().rstrip("/") + rule, told


def _route(made: Blueprint, resource: Resource, rule: str, verbs: Verbs) -> None:
    """Route each verb to its view, and the others to a refusal that looks at the permission first, as NetBox does."""
    told: Any = _bind(resource, options.describe)
    told.verbs = tuple(verbs)
    made.add_url_rule(rule, f"options{rule}", told, methods=["OPTIONS"])
    for verb, view in verbs.items():
        name = f"{view.name}_{verb.lower()}" if isinstance(view, Action) else view.__name__
        made.add_url_rule(rule, name, _bind(resource, view), methods=[verb])
    others = [verb for verb in ALL if verb not in verbs]
    if others:
        made.add_url_rule(rule, f"refuse{rule}", _refuse(resource), methods=others)


def _bind(resource: Resource, view: View | Action) -> View:
    """The Flask view that checks the permission, then calls `view(resource, pk?)`."""
    permission: Callable[[str], str | None] = resource.permission
    if isinstance(view, Action):
        permission, view = view.permission or permission, view.view

    def bound(**route: Any) -> Response:
        authorization.require(permission)
        return view(resource, *(object_id(text) for text in route.values()))

    return bound


def _refuse(resource: Resource) -> View:
    """The Flask view of verbs that mean nothing here, whatever the id."""

    def bound(**route: Any) -> Response:
        authorization.require(resource.permission)
        raise MethodNotAllowed(request.method)

    return bound


def list_objects(resource: Resource) -> Response:
    page, shown, order = Page.of_request(), selection.requested(resource), parameters.order_asked_for(resource)

    def read() -> reading.Rows:
        with database().serving() as connection:
            narrowed = conditions(connection, resource)
            return reading.page_rows(connection, resource, narrowed, page, order, shown)

    if csv_writing.is_asked_for() or request.args.get(exports.PARAMETER):
        return _file(resource, order)
    rows: reading.Rows = resource.awaited(read) if resource.awaited else read()
    following, preceding = page.links(rows.total, rows.following)
    envelope = orjson.dumps({"count": rows.total, "next": following, "previous": preceding, "results": []})
    body = b"".join((envelope[:-2], ",".join(rows.texts).encode(), envelope[-2:]))
    return tagged_response(body, tag_of(body), weak=True)


def _file(resource: Resource, order: Ordering | None) -> Response:
    """The list as CSV, or as an export template has it."""
    with database().serving() as connection:
        narrowed = expressions(conditions(connection, resource))
        if csv_writing.is_asked_for():
            return csv_writing.respond(connection, resource, narrowed)
        return exports.export(connection, resource, narrowed, order, request.args[exports.PARAMETER])


def create_objects(resource: Resource) -> Response:
    authorization.visible_rows(resource)  # refuses here, too, whom it shows nothing
    if csv_saving.is_sent():
        return csv_saving.respond(resource)
    sent, many = request_body.objects()
    items = [forms.read(resource.attributes, item, partial=False) for item in sent]
    restored = restoring.is_asked_for()

    def create(session: Session) -> Any:
        faces = writing.dump(resource, writing.create(session, resource, items, restored)) if items else []
        return faces if many else faces[0]

    return write(resource, many, create, 201)


def read_object(resource: Resource, pk: int) -> Response:
    parameters.refuse_unknown_of_object()
    shown = selection.requested(resource)
    with database().serving() as connection:
        text = reading.one_row(connection, resource, pk, shown)
    if text is None:
        raise NotFound
    body = text.encode()
    return tagged_response(body, tag_of(body))


def replace_object(resource: Resource, pk: int) -> Response:
    return _update(resource, pk, partial=False)


def change_object(resource: Resource, pk: int) -> Response:
    return _update(resource, pk, partial=True)


def delete_object(resource: Resource, pk: int) -> Response:
    def delete(session: Session) -> None:
        deleting.delete_objects(session, resource, [found(session, resource, pk)])

    return write(resource, False, delete, 204)


def replace_objects(resource: Resource) -> Response:
    return _update_all(resource, partial=False)


def change_objects(resource: Resource) -> Response:
    return _update_all(resource, partial=True)


def delete_objects(resource: Resource) -> Response:
    items = request_body.objects_with_ids()

    def delete(session: Session) -> None:
        deleting.delete_objects(session, resource, bulk.targets(session, resource, items))

    return write(resource, True, delete, 204)


ON_LIST = {
    "GET": list_objects,
    "POST": create_objects,
    "PUT": replace_objects,
    "PATCH": change_objects,
    "DELETE": delete_objects,
}
ON_OBJECT = {"GET": read_object, "PUT": replace_object, "PATCH": change_object, "DELETE": delete_object}


def _update(resource: Resource, pk: int, partial: bool) -> Response:
    def change(session: Session) -> JsonObject:
        target = found(session, resource, pk)
        item = forms.read(resource.attributes, request_body.require_object(request_body.body()), partial)
        return writing.dump(resource, writing.update(session, resource, [target], [item], partial))[0]

    return write(resource, False, change)


def _update_all(resource: Resource, partial: bool) -> Response:
    items = request_body.objects_with_ids()

    def change(session: Session) -> list[JsonObject]:
        targets = bulk.targets(session, resource, items)
        return writing.dump(resource, writing.update(session, resource, targets, items, partial)) if items else []

    return write(resource, True, change)


def found(session: Session, resource: Resource[M], pk: int) -> M:
    """The row `pk`, locked. Raises NotFound."""
    target = writing.locked(session, resource, pk)
    if target is None:
        raise NotFound
    if request.if_match:
        refuse_if_changed(session, resource, pk)
    return target


def refuse_if_changed(session: Session, resource: Resource, pk: int) -> None:
    """Hold a client to the version that it has read (`If-Match`). Raises PreconditionFailed."""
    current = reading.one_row(session.connection(), resource, pk)
    if current is None or not request.if_match.contains(tag_of(current.encode())):
        raise PreconditionFailed


def object_id(text: str) -> int:
    """The id in a path. Raises NotFound for what can be none."""
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > MAX_INTEGER:
        raise NotFound
    return int(text)
