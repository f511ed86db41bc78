"""What the OpenAPI document says of errors."""

from typing import Any

from marshmallow import INCLUDE, Schema
from marshmallow import fields as ma

from shared.api.openapi_bodies import one_or_many


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


ERRORS: dict[str, dict[int, Any]] = {
    "GET": {400: InvalidSchema, 403: DetailSchema, 404: DetailSchema},
    "POST": {400: one_or_many(InvalidSchema), 403: DetailSchema, 413: DetailSchema, 503: DetailSchema},
    "PUT": {400: InvalidSchema, 403: DetailSchema, 404: DetailSchema, 503: DetailSchema},
    "PATCH": {400: InvalidSchema, 403: DetailSchema, 404: DetailSchema, 503: DetailSchema},
    "DELETE": {403: DetailSchema, 404: DetailSchema, 409: ProtectedSchema, 503: DetailSchema},
}
# Those of a verb on a list that means its objects by their ids, beside its own.
LIST_ERRORS: dict[int, Any] = {400: one_or_many(InvalidSchema), 405: DetailSchema, 413: DetailSchema}
