"""The verbs of a resource, as a blueprint that documents itself."""

import orjson
from flask import Blueprint as PlainBlueprint
from flask import request
from flask_smorest import Blueprint
from sqlalchemy.exc import IntegrityError

from shared import activity, auth, bodies, custom_field_input, deletion, documents, options, reading, writes
from shared.database import database
from shared.errors import Invalid, Missing, NotAllowed, Outdated
from shared.pagination import Page
from shared.parsing import MAX_INTEGER
from shared.references import holding, owning
from shared.rendering import exports
from shared.replies import json_reply, raw_reply, tag_of, tagged_reply
from shared.resource import ALL, Action, Resource


def blueprint(resource: Resource) -> Blueprint:
    """The routes of `resource`: its list, its objects, its actions."""
    made = Blueprint(resource.path, __name__, url_prefix=f"/api/{resource.app}/{resource.path}")
    _route(made, resource, "/", {verb: view for verb, view in ON_LIST.items() if verb in resource.methods})
    if resource.detail:
        _route(made, resource, "/<pk>/", {verb: view for verb, view in ON_OBJECT.items() if verb in resource.methods})
    for name in dict.fromkeys(action.name for action in resource.actions):
        same = [action for action in resource.actions if action.name == name]
        _route(made, resource, f"/<pk>/{name}/", {verb: action for action in same for verb in action.methods})
    return made


def _route(made: Blueprint, resource: Resource, rule: str, views: dict) -> None:
    """Route each verb to its view, and the others to a refusal that looks at the permission first, as NetBox does."""
    told = _bind(resource, options.describe)
    told.verbs = tuple(views)
    PlainBlueprint.add_url_rule(made, rule, f"options{rule}", told, methods=["OPTIONS"])
    for verb, view in views.items():
        name = f"{view.name}_{verb.lower()}" if isinstance(view, Action) else view.__name__
        function = documents.describe(made, resource, verb, view, _bind(resource, view))
        made.add_url_rule(rule, name, function, methods=[verb])
    others = [verb for verb in ALL if verb not in views]
    if others:
        PlainBlueprint.add_url_rule(made, rule, f"refuse{rule}", _refuse(resource), methods=others)


def _bind(resource: Resource, view):
    """The Flask view that checks the permission, then calls `view(resource, pk?)`."""
    permission = resource.permission
    if isinstance(view, Action):
        permission, view = view.permission or permission, view.view

    def bound(**route):
        auth.require(permission)
        return view(resource, *(object_id(text) for text in route.values()))

    return bound


def _refuse(resource: Resource):
    """The Flask view of verbs that mean nothing here, whatever the id."""

    def bound(**route):
        auth.require(resource.permission)
        raise NotAllowed(request.method)

    return bound


def list_objects(resource: Resource):
    page = Page.of_request()
    order = resource.reorder(request.args) if resource.reorder else ()
    with database().reading() as connection:
        narrowed = conditions(connection, resource)
        if name := request.args.get(exports.PARAMETER):
            return exports.export(connection, resource, narrowed, order, name)
        rows = reading.page_rows(connection, resource, narrowed, page, order)
    following, preceding = page.links(rows.total, rows.following)
    envelope = orjson.dumps({"count": rows.total, "next": following, "previous": preceding, "results": []})
    body = b"".join((envelope[:-2], ",".join(rows.texts).encode(), envelope[-2:]))
    return tagged_reply(body, tag_of(body), weak=True)


def create_objects(resource: Resource):
    auth.visible_rows(resource)  # refuses here, too, whom it shows nothing
    data = bodies.body()
    many = isinstance(data, list)
    items = data if many else [bodies.require_object(data)]
    faces = write(
        resource,
        many,
        lambda session: writes.dump(resource, writes.create(session, resource, items)) if items else [],
    )
    return json_reply(faces if many else faces[0], 201)


def read_object(resource: Resource, pk: int):
    with database().reading() as connection:
        text = reading.one_row(connection, resource, pk)
    if text is None:
        raise Missing
    body = text.encode()
    return tagged_reply(body, tag_of(body))


def replace_object(resource: Resource, pk: int):
    return _update(resource, pk, partial=False)


def change_object(resource: Resource, pk: int):
    return _update(resource, pk, partial=True)


def delete_object(resource: Resource, pk: int):
    def delete(session):
        target = found(session, resource, pk)
        for hook in resource.on_delete:
            hook(session, target)
        deletion.remove(session, resource.model, target.id)
        activity.note(session, resource.model, activity.DELETED, [target])

    write(resource, False, delete)
    return raw_reply(b"", 204)


ON_LIST = {"GET": list_objects, "POST": create_objects}
ON_OBJECT = {"GET": read_object, "PUT": replace_object, "PATCH": change_object, "DELETE": delete_object}


def _update(resource: Resource, pk: int, partial: bool):
    def change(session):
        target = found(session, resource, pk)
        saved = writes.update(session, resource, target, bodies.require_object(bodies.body()), partial)
        return writes.dump(resource, [saved])[0]

    return json_reply(write(resource, False, change))


def found(session, resource: Resource, pk: int):
    """The row `pk`, locked. Raises Missing."""
    target = writes.locked(session, resource, pk)
    if target is None:
        raise Missing
    if request.if_match:
        refuse_if_changed(session, resource, pk)
    return target


def refuse_if_changed(session, resource: Resource, pk: int) -> None:
    """Hold a client to the version that it has read (`If-Match`). Raises Outdated."""
    current = reading.one_row(session.connection(), resource, pk)
    if current is None or not request.if_match.contains(tag_of(current.encode())):
        raise Outdated


def conditions(connection, resource: Resource) -> list:
    """The conditions that the query string puts on a list."""
    own = custom_field_input.filters(connection, resource.model, set(request.args))
    given = ((own.get(name) or resource.filter_table.get(name), values) for name, values in request.args.lists())
    made = [chosen.where(values) for chosen, values in given if chosen]
    return [condition for condition in made if condition is not None]


def object_id(text: str) -> int:
    """The id in a path. Raises Missing for what can be none."""
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > MAX_INTEGER:
        raise Missing
    return int(text)


def write(resource: Resource, many: bool, work):
    """The result of `work(session)`, run in one transaction, after the holders know of it.

    A constraint that only the database saw violated was a race: the second try validates against what the winner
    wrote, and names the field.
    """
    try:
        try:
            result = _commit(resource, work)
        except IntegrityError:
            result = _commit(resource, work)
    except writes.Refused as refused:
        raise refused if many else Invalid(refused.body[0]) from refused
    activity.wake()
    owning.nudge(resource.model)
    return result


def _commit(resource: Resource, work):
    return holding.claiming(resource.model, lambda: database().run(work))
