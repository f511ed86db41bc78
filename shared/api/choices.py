"""The `_choices` endpoint: what a client may put where, taken from the fields of the models."""

from typing import Any

from flask import Blueprint, Response

from shared.api.openapi import operation
from shared.http import responses
from shared.http.errors import NotFound
from shared.schema import openapi_schemas
from shared.schema.fields import Choices

TABLE = {"type": "array", "items": openapi_schemas.labelled({})}


def blueprint(name: str, choices: dict[str, Choices[Any]]) -> Blueprint:
    """`choices` (`"site:status"` → ((value, label), …)) at `/api/<name>/_choices/`."""
    tables = {key: openapi_schemas.table(rows) for key, rows in choices.items()}
    made = Blueprint("_choices", __name__, url_prefix=f"/api/{name}/_choices")

    @made.get("/")
    @operation("GET", f"All choices of {name}", {"type": "object", "additionalProperties": TABLE})
    def list_choices() -> Response:
        return responses.json_response(tables)

    @made.get("/<key>/")
    @operation("GET", "The choices of one attribute", TABLE)
    def one_choice(key: str) -> Response:
        if key not in tables:
            raise NotFound
        return responses.json_response(tables[key])

    return made
