"""What the OpenAPI document says of bodies: one object, a list of them, a form with files."""

from functools import cache
from typing import Any

from marshmallow import Schema
from marshmallow import fields as ma

from shared import JsonObject
from shared.api.csv.writing import MEDIA
from shared.api.resource import Resource, Shape
from shared.config import settings
from shared.schema import openapi_schemas
from shared.schema.representations import BaseSchema

SHEET = "Lines of which each creates an object, or changes one; as GET gives them with `?format=csv`."
TABLE = "A line of headings, then one for each object; `POST` takes it again."
WITH_IDS = ("PUT", "PATCH", "DELETE")  # of a list: each element names its object by its id
_ID = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


def list_body(resource: Resource, verb: str) -> JsonObject:
    """The body of a verb on a list that means its objects by their ids."""
    _, write, patch = resource.schemas()
    shape = write if verb == "PUT" else (_upload(patch, "Patch") or patch)(partial=True)
    return request(listed(_ID if verb == "DELETE" else {"allOf": [shape, _ID]}))


def body(resource: Resource, verb: str) -> JsonObject:
    """The body of a verb on one object, or of a POST."""
    _, write, patch = resource.schemas()
    schemas: dict[str, Shape] = {"POST": one_or_many(write), "PUT": write, "PATCH": patch(partial=True)}
    schema = schemas.get(verb)
    if schema and (upload := _upload(patch, "Patch" if verb == "PATCH" else "Upload")):
        return request(upload(partial=verb == "PATCH"), media="multipart/form-data")
    made = request(schema, example=_example(patch if verb == "PATCH" else write)) if schema else {}
    if verb == "POST":
        made["requestBody"]["content"][MEDIA] = {"schema": {"type": "string", "description": SHEET}}
    return made


@cache
def _upload(patch: type[Schema], ending: str) -> type[Schema] | None:
    """What a form takes that has files in place of their addresses; None where there are none."""
    binary = {"type": "string", "format": "binary"}
    files = {
        name: ma.Raw(required=field.required, metadata=binary)
        for name, field in patch._declared_fields.items()
        if "x-file" in getattr(field, "shape", ())
    }
    name = patch.__name__.removesuffix("Patch") + ending
    return BaseSchema.from_dict(patch._declared_fields | files, name=name) if files else None


def request(schema: Shape | None, media: str = "application/json", **more: Any) -> JsonObject:
    """What an operation says of its body; nothing where it has none."""
    if schema is None:
        return {}
    return {"requestBody": {"required": True, "content": {media: {"schema": schema, **more}}}}


def _example(schema: type[Schema]) -> JsonObject:
    """What a first request may look like: what is required, or the first attribute."""
    loadable = {name: field for name, field in schema().fields.items() if not field.dump_only}
    shown = {name: field for name, field in loadable.items() if field.required} or dict(list(loadable.items())[:1])
    return {name: openapi_schemas.example(field) for name, field in shown.items()}


def one_or_many(schema: Shape) -> JsonObject:
    """What `schema` describes, or a list of it."""
    return {"oneOf": [schema, listed(schema)]}


def listed(schema: Shape) -> JsonObject:
    """Several of what `schema` describes, as many as one request may bring."""
    return {"type": "array", "items": schema, "maxItems": settings.max_bulk_objects}
