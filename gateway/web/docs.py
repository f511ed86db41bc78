"""The documentation of the whole API: one OpenAPI 3 document of all apps, and Swagger UI over it.

At the addresses of NetBox 2.3 it is Swagger 2.0, as there.
"""

from functools import lru_cache, partial

import orjson
import yaml
from flask import Blueprint, Response, after_this_request, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from gateway.negotiation import VERSION
from gateway.request import Request
from gateway.responses import json_response
from gateway.web import status_api, swagger
from shared import JsonObject
from shared.config import settings
from shared.schema import openapi_schemas

pages = Blueprint("docs", __name__)
DESCRIPTION = (
    "The NetBox 2.3 REST API. Reading needs no log-in unless the installation says so; writing needs a token "
    "whose owner has the permission that each operation names. Lists take the filters named here; a parameter "
    "that is repeated means OR, `null` means none. `cf_<name>` narrows a list by a custom field whose filter is not "
    "disabled. A list that is sent to POST creates all of it, or nothing; PUT, PATCH and DELETE of a list name each "
    "object by its `id`. In place of the id of what is referred to, attributes will do that one object alone has "
    '(`"site": {"slug": "ams-1"}`, `"interface": {"device": {"name": "sw1"}, "name": "xe-0"}`), and in place of a '
    "choice the slug of its label.\n\n"
    "Lookup expressions are not listed one by one: `<filter>__n` is what the filter leaves out; an attribute `<name>` "
    "also has `<name>__n` and `<name>__empty`, of a text `__ic`, `__isw`, `__iew`, `__ie` (contains, starts with, "
    "ends with, is; whatever the case) and `__nic`, `__nisw`, `__niew`, `__nie`, of a number, a date or a moment "
    "`__lt`, `__lte`, `__gt`, `__gte`. With `Prefer: handling=strict` a parameter that means nothing is a 400, so "
    "is a value that it cannot have."
)
_RESULT = {"id": {"type": "integer"}, **{name: {"type": "string"} for name in ("type", "name", "context", "url")}}
_FOUND = {
    "query": {"type": "string"},
    "count": {"type": "integer"},
    "results": {"type": "array", "items": {"type": "object", "properties": _RESULT}},
    "unavailable": {"type": "array", "items": {"type": "string"}, "description": "The services that did not answer."},
}
SEARCH = {
    "summary": "Search everything",
    "operationId": "search",
    "tags": ["search"],
    "parameters": [openapi_schemas.query("q", "What is contained in a name, an address, a serial number…", "string")],
    "responses": {
        "200": {
            "description": "What was found",
            "content": {"application/json": {"schema": {"type": "object", "properties": _FOUND}}},
        }
    },
}
SECURITY = {
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Token` followed by a space and the key.",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "patchbay_session", "description": "Logged in at /admin/."},
}


@pages.get("/api/schema/")
def schema() -> Response:
    if request.args.get("format") == "yaml" or "yaml" in request.headers.get("Accept", ""):
        return _yaml_response(document(), "paths", "components")
    return json_response(document())


@pages.get("/api/swagger.json")
def swagger_json() -> Response:
    return json_response(swagger.of_openapi(document()))


@pages.get("/api/swagger.yaml")
def swagger_yaml() -> Response:
    return _yaml_response(swagger.of_openapi(document()), "paths", "definitions")


def _yaml_response(told: JsonObject, *of_services: str) -> Response:
    """`told` as YAML, of which the parts `of_services` are kept."""
    services = {name: told.pop(name) for name in of_services}
    return Response(_yaml(told) + _kept_yaml(orjson.dumps(services)), mimetype="application/yaml")


@lru_cache(maxsize=2)
def _kept_yaml(json: bytes) -> str:
    """`json` as YAML; kept, for it takes a second to write, and changes with a release."""
    return _yaml(orjson.loads(json))


def _yaml(content: JsonObject) -> str:
    text: str = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return text


@pages.get("/api/docs/")
def docs() -> ResponseReturnValue:
    if request.args.get("format") in ("openapi", "json"):
        return swagger_json()
    return render_template("docs.html")


@pages.get("/api/redoc/")
def redoc() -> ResponseReturnValue:
    return redirect("/api/docs/", 308)


def _tell_what_is_missing(apps: list[str], reply: Response) -> Response:
    reply.headers["X-Degraded"] = ", ".join(apps)
    return reply


def document() -> JsonObject:
    """All apps in one document; each has the tag of its name.

    One whose service is down, and has not told its part before, is left out, and the reply says so.
    """
    documents = current_app.extensions["patchbay.catalogue"].documents()
    if missing := sorted(app for app, each in documents.items() if not each):
        after_this_request(partial(_tell_what_is_missing, missing))
    paths: JsonObject = {"/api/search/": {"get": SEARCH}, "/api/status/": {"get": status_api.OPERATION}}
    components: JsonObject = {"securitySchemes": SECURITY}
    for each in documents.values():
        paths |= each.get("paths", {})
        for kind, named in each.get("components", {}).items():
            components.setdefault(kind, {}).update(named)
    return {
        "openapi": "3.0.3",
        "info": {"title": "Patchbay", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": Request.from_environ(request.environ).root}],
        "tags": [
            *({"name": name, "description": f"What the {name} service serves."} for name in sorted(documents)),
            {"name": "search", "description": "One search over all of them."},
            {"name": "status", "description": "What runs."},
        ],
        "security": [{"token": []}] if settings.login_required else [{}, {"token": []}, {"session": []}],
        "paths": paths,
        "components": components,
    }
