"""The document of the API as NetBox 2.3 serves it: Swagger 2.0, made of the OpenAPI 3 document by rule.

Paths are below `/api`, the one part of a path that varies is called `id`, operations are named after their path, a body
is the parameter `data`. What Swagger 2.0 has no word for is left out: of alternatives it tells the first. A reference
has no room for `x-nullable`, so what is null anywhere has it in its definition: clients that check replies look there.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from shared import JsonObject

VERBS = ("get", "post", "put", "patch", "delete")
ON_LIST = {
    "get": "list",
    "post": "create",
    "put": "bulk_update",
    "patch": "bulk_partial_update",
    "delete": "bulk_delete",
}
ON_OBJECT = {"get": "read", "post": "create", "put": "update", "patch": "partial_update", "delete": "delete"}
BASE, JSON, FORM = "/api", "application/json", "multipart/form-data"
KEPT = (
    *("type", "format", "title", "description", "readOnly", "default", "example"),
    *("pattern", "minimum", "maximum", "minLength", "maxLength", "maxItems"),
)


def of_openapi(document: JsonObject) -> JsonObject:
    """The Swagger 2.0 document that says what an OpenAPI 3 `document` of this API does."""
    address = urlsplit(document["servers"][0]["url"])
    components = document["components"]
    schemas = components.get("schemas", {})
    null = {name for shape in schemas.values() for name in _null_at_times(shape)}
    return {
        "swagger": "2.0",
        "info": document["info"],
        "host": address.netloc,
        "schemes": [address.scheme],
        "basePath": address.path + BASE,
        "consumes": [JSON],
        "produces": [JSON],
        "securityDefinitions": {"Bearer": components["securitySchemes"]["token"]},
        "security": [{"Bearer": []}],
        "tags": document["tags"],
        "paths": {_path(path): _path_item(path, verbs) for path, verbs in document["paths"].items()},
        "definitions": {name: _schema(shape | {"nullable": name in null}) for name, shape in schemas.items()},
        "responses": {name: _response(each) for name, each in components.get("responses", {}).items()},
    }


def _parts(path: str) -> list[str]:
    """The parts of `path` below `/api`, each that varies as `{id}`."""
    return ["{id}" if part.startswith("{") else part for part in path.removeprefix(BASE).strip("/").split("/")]


def _path(path: str) -> str:
    return f"/{'/'.join(_parts(path))}/"


def _path_item(path: str, verbs: JsonObject) -> JsonObject:
    told = {verb: verbs[verb] for verb in VERBS if verb in verbs}
    every = [each for operation in told.values() for each in operation.get("parameters", ())]
    # An operation says more of it than the path, which only knows that it is a part of its own.
    varying = [each for each in [*every, *verbs.get("parameters", ())] if each["in"] == "path"][:1]
    operations = {verb: _operation(_operation_id(path, verb, len(told)), each) for verb, each in told.items()}
    return {**operations, "parameters": [{**_parameter(each), "name": "id"} for each in varying]}


def _operation_id(path: str, verb: str, verbs: int) -> str:
    """`dcim_devices_list`, `dcim_devices_read`; `dcim_racks_units` of what is below an object and has only one verb."""
    parts = _parts(path)
    names = [part for part in parts if part != "{id}"]
    if "{id}" not in parts:
        names.append(ON_LIST[verb])
    elif parts[-1] == "{id}" or verbs > 1:
        names.append(ON_OBJECT[verb])
    return "_".join(names)


def _operation(name: str, told: JsonObject) -> JsonObject:
    parameters = [_parameter(each) for each in told.get("parameters", ()) if each["in"] != "path"]
    made = {
        "operationId": name,
        "summary": told.get("summary", ""),
        "description": told.get("description", ""),
        "parameters": [*parameters, *_body(told.get("requestBody"))],
        "responses": {status: _response(each) for status, each in told["responses"].items()},
        "tags": told.get("tags", []),
    }
    if FORM in told.get("requestBody", {}).get("content", {}):
        made["consumes"] = [FORM]
    if media := [kind for each in told["responses"].values() for kind in each.get("content", ()) if kind != JSON]:
        made["produces"] = list(dict.fromkeys([*media, JSON]))
    return made


def _parameter(told: JsonObject) -> JsonObject:
    """A parameter of a query, a path or a header. Filters are texts or numbers, as NetBox has them."""
    shape = told.get("schema", {})
    kind = shape.get("type", "string")
    if kind == "array":
        kind = "number" if told.get("x-kind") == "integer" and not told["name"].endswith("__in") else "string"
    return {
        "name": told["name"],
        "in": told["in"],
        "description": told.get("description", ""),
        "required": told.get("required", False),
        "type": kind,
    }


def _body(told: JsonObject | None) -> Iterable[JsonObject]:
    """The parameter `data`; of a form that has files, its own shape is the best there is to say, too."""
    for media in list((told or {}).get("content", {}).values())[:1]:
        yield {"name": "data", "in": "body", "required": True, "schema": _schema(media["schema"])}


def _response(told: JsonObject) -> JsonObject:
    if "$ref" in told:
        return _moved(told)
    made: JsonObject = {"description": told.get("description", "")}
    for media in list(told.get("content", {}).values())[:1]:
        made["schema"] = _schema(media.get("schema", {}))
    return made


def _moved(reference: JsonObject) -> JsonObject:
    """What `reference` points to in a Swagger document."""
    *_, kind, name = reference["$ref"].split("/")
    return {"$ref": f"#/{'definitions' if kind == 'schemas' else kind}/{name}"}


def _schema(shape: JsonObject) -> JsonObject:
    for word in ("oneOf", "anyOf"):
        if word in shape:
            others = {name: value for name, value in shape.items() if name != word}
            return _schema({**others, **_first(shape[word])})
    if "$ref" in shape:
        return _moved(shape)
    made = {name: value for name, value in shape.items() if name.startswith("x-")}
    made |= {name: shape[name] for name in KEPT if shape.get(name) is not None}
    if "enum" in shape and (values := [value for value in shape["enum"] if value is not None]):
        made["enum"] = values
    if _nullable(shape):
        made["x-nullable"] = True
    if "items" in shape:
        made["items"] = _schema(shape["items"])
    if isinstance(shape.get("additionalProperties"), dict):
        made["additionalProperties"] = _schema(shape["additionalProperties"])
    if "properties" in shape:
        made |= _members(shape)
    return made


def _members(shape: JsonObject) -> JsonObject:
    """The properties of an object. A reference cannot say that it may be null, so such a property is not required."""
    properties = {name: _schema(each) for name, each in shape["properties"].items()}
    silent = {name for name, each in properties.items() if "$ref" in each and _nullable(shape["properties"][name])}
    required = [name for name in shape.get("required", ()) if name not in silent]
    return {"properties": properties} | ({"required": required} if required else {})


def _null_at_times(shape: Any) -> Iterable[str]:
    """The names of the schemas that `shape` refers to where there may also be null."""
    if isinstance(shape, dict):
        alternatives = [*shape.get("anyOf", ()), *shape.get("oneOf", ())]
        if _nullable(shape):
            yield from (each["$ref"].rsplit("/", 1)[1] for each in alternatives if "$ref" in each)
        for part in shape.values():
            yield from _null_at_times(part)
    elif isinstance(shape, list):
        for part in shape:
            yield from _null_at_times(part)


def _first(alternatives: list[Any]) -> JsonObject:
    """The first of `alternatives` that is not null."""
    found: JsonObject = next((each for each in alternatives if each.get("enum") != [None]), alternatives[0])
    return found


def _nullable(shape: JsonObject) -> bool:
    """Whether null is a value of this shape."""
    alternatives = [*shape.get("anyOf", ()), *shape.get("oneOf", ())]
    listed = None in shape.get("enum", ())
    return bool(shape.get("nullable")) or listed or any(_nullable(each) for each in alternatives)
