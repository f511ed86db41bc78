"""What OPTIONS answers: the name of a view, what it takes and gives, and the fields that the caller may send."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from shared import JsonObject
from shared.api import selection
from shared.api.reading import one_row
from shared.api.resource import ALL, Resource
from shared.db.database import database
from shared.http import responses
from shared.http.request_body import FORMS
from shared.schema import fields, text_fields
from shared.schema.labels import label_of
from shared.schema.models import Attribute, Record
from shared.security import authorization
from shared.security.authorization import caller

RENDERS = ["application/json", "text/html"]
PARSES = ["application/json", *FORMS]
_NAMES = {
    "api": "API Root",
    "dcim": "DCIM",
    "ipam": "IPAM",
    "_choices": "Field Choices",
    "connected-device": "Connected Device Locator",
    "generate-rsa-key-pair": "Generate RSA Key Pair",
    "get-session-key": "Get Session Key List",
    "reports": "Report List",
}
_TYPES = (
    (text_fields.Slug, "slug"),
    (text_fields.URL, "url"),
    (text_fields.Email, "email"),
    (fields.Text, "string"),
    (fields.Integer, "integer"),
    (fields.Boolean, "boolean"),
    (fields.Choice, "choice"),
    (fields.Date, "date"),
    (fields.DateTime, "datetime"),
    ((fields.Reference, fields.References), "nested object"),
)

V = TypeVar("V")


def describe(resource: Resource, pk: int | None = None) -> Response:
    """The reply to OPTIONS on a list, or on the object `pk`. Raises Forbidden where the caller may see none."""
    authorization.visible_rows(resource)
    verb = "POST" if pk is None else "PUT"
    title = " ".join(word[0].upper() + word[1:] for word in resource.model.verbose_name.split())
    told = _told(f"{title} {'List' if pk is None else 'Instance'}")
    if _may(resource, verb, pk):
        own = {name: _field(resource.model, a) for name, a in resource.attributes.items()}
        told["actions"] = {verb: own | _looked_up(resource)}
    return responses.json_response(told)


def describe_view() -> Response:
    """The reply to OPTIONS where no resource is. Raises Forbidden for anonymous callers of what is for `users_only`."""
    view = current_app.view_functions[request.endpoint or ""]
    if getattr(view, "users_only", False):
        authorization.require_user()
    return responses.json_response(_told(_name_of(request.path), view.__doc__ or ""))


def allow(reply: Response) -> Response:
    """Say in a reply to a program what can be done at its address, as NetBox does in every one."""
    if reply.mimetype != "text/html" and (allowed := verbs()):
        reply.headers["Allow"] = ", ".join(allowed)
    return reply


def verbs() -> tuple[str, ...]:
    """What can be done at the address asked for, in NetBox's order; nothing where there is nothing."""
    rule = request.url_rule or _rule_of_any_verb()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the application behind the proxy
    return _verbs_at(app, rule.rule) if rule else ()


def _rule_of_any_verb() -> Rule | None:
    routes = current_app.create_url_adapter(request)
    try:
        return routes.match(method="OPTIONS", return_rule=True)[0] if routes else None
    except HTTPException:
        return None


@cache
def _verbs_at(app: Flask, path: str) -> tuple[str, ...]:
    """The verbs of all rules for `path`, unless one of their views names them (`verbs`): some only refuse."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule == path]
    named = [view.verbs for rule in rules if hasattr(view := app.view_functions[rule.endpoint], "verbs")]
    taken = {verb for each in named or [rule.methods for rule in rules] for verb in each}
    reading = ("HEAD",) if "GET" in taken else ()
    return (*(verb for verb in ALL if verb in taken), *reading, "OPTIONS") if taken else ()


def _name_of(path: str) -> str:
    """What the root, an app or something in it is called."""
    step = path.strip("/").split("/")[:3][-1]
    return _NAMES.get(step) or step.replace("-", " ").title()


def _told(name: str, description: str = "") -> JsonObject:
    return {"name": name, "description": " ".join(description.split()), "renders": RENDERS, "parses": PARSES}


def _may(resource: Resource, verb: str, pk: int | None) -> bool:
    needed = resource.permission(authorization.PERMISSION_OF[verb])
    if verb not in verbs() or caller().anonymous or not caller().write:
        return False
    if needed and not caller().may(needed):
        return False
    if pk is None:
        return True
    with database().reading() as connection:
        return one_row(connection, resource, pk) is not None


def _field(model: type[Record], attribute: Attribute) -> JsonObject:
    field = attribute.field
    told = {
        "type": _type_of(field),
        "required": bool(field.required),
        "read_only": bool(field.dump_only),
        "label": label_of(attribute.name),
    }
    for name, limit in _limits(field).items():
        if limit is not None:
            told[name] = limit
    if isinstance(field, fields.Choice):
        told["choices"] = [{"value": value, "display_name": label} for value, label in field.choices]
    if attribute.is_reference or attribute.is_list:
        target = model.model_of(field.target)
        names = [target.attributes[name] for name in field.nested or target.nested]
        own = {"id": _shown("integer", "id"), "url": _shown("field", "url")}
        told["children"] = own | {each.name: _shown(_type_of(each.field), each.name) for each in names}
    return told


def _type_of(field: fields.Field) -> str:
    other = "list" if field.repeats else "field"
    return next((name for kind, name in _TYPES if isinstance(field, kind)), other)


def _looked_up(resource: Resource) -> JsonObject:
    """The attributes that other services add to the read face."""
    return {name: _shown("field", name) for name in selection.everything(resource).lookup_defaults}


def _shown(kind: str, name: str) -> JsonObject:
    return {"type": kind, "required": False, "read_only": True, "label": label_of(name)}


def _limits(field: fields.Field) -> JsonObject:
    if isinstance(field, fields.Text):
        return {"max_length": field.max_length}
    if isinstance(field, fields.Integer):
        return {"min_value": field.minimum, "max_value": field.maximum}
    return {}


def allows(*verbs: str, users_only: bool = False) -> Callable[[V], V]:
    """Decorates a view that is routed for every verb, but refuses all except these: `Allow` names them alone.

    One that is for `users_only` tells nobody else what it is.
    """

    def decorate(view: V) -> V:
        told: Any = view
        told.verbs, told.users_only = verbs, users_only
        return view

    return decorate
