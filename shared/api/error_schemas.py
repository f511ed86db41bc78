"""What the OpenAPI document says of errors."""

from typing import Any

from marshmallow import INCLUDE, Schema
from marshmallow import fields as ma

from shared import JsonObject
from shared.api.resource import Shape
from shared.config import settings


class DetailSchema(Schema):
    """An error that is not about a field."""

    detail = ma.String(required=True)


class DependentSchema(Schema):
    """An object that still refers to what should be deleted."""

    type = ma.String()
    id = ma.Integer()
    url = ma.URL(relative=False)
    name = ma.String()


class ProtectedSchema(DetailSchema):
    """Why an object cannot be deleted."""

    dependents = ma.List(ma.Nested(DependentSchema))


class InvalidSchema(Schema):
    """Messages by field; `non_field_errors` are about the object as a whole, `detail` about the request."""

    class Meta:
        unknown = INCLUDE

    detail = ma.String()
    non_field_errors = ma.List(ma.String())


def one_or_many(schema: Shape) -> JsonObject:
    """A `schema`, or a list of such, as a bulk request takes and answers."""
    return {"oneOf": [schema, {"type": "array", "items": schema, "maxItems": settings.max_bulk_objects}]}


ERRORS: dict[str, dict[int, Any]] = {
    "GET": {400: InvalidSchema, 403: DetailSchema, 404: DetailSchema},
    "POST": {400: one_or_many(InvalidSchema), 403: DetailSchema, 413: DetailSchema, 503: DetailSchema},
    "PUT": {400: InvalidSchema, 403: DetailSchema, 404: DetailSchema, 503: DetailSchema},
    "PATCH": {400: InvalidSchema, 403: DetailSchema, 404: DetailSchema, 503: DetailSchema},
    "DELETE": {403: DetailSchema, 404: DetailSchema, 409: ProtectedSchema, 503: DetailSchema},
}
