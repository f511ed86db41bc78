"""What a client sent: bodies, whatever their type, as plain data."""

import json
import re
from typing import Any

import flask
import orjson
from flask import request
from werkzeug.formparser import FormDataParser

from shared import JsonObject
from shared.config import settings
from shared.http.errors import (
    NON_FIELD,
    BadRequest,
    MethodNotAllowed,
    PreconditionFailed,
    TooLarge,
    UnsupportedMediaType,
)

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_LONG_NUMBER = re.compile(rb"\d{19}")


class StrictRequest(flask.Request):
    """A request that says so when its form cannot be read; Flask takes that for an empty form."""

    def make_form_data_parser(self) -> FormDataParser:
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser


def body() -> Any:
    """The parsed body of the request; an empty one is `{}`. Raises BadRequest or UnsupportedMediaType."""
    if request.mimetype in FORMS:
        return _form()
    data = request.get_data(cache=True)
    if not data:
        return {}
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(f'Unsupported media type "{request.mimetype}" in request.')
    try:
        parsed = orjson.loads(data)
        # Beyond 64 bits orjson makes an integer a float, and loses digits.
        return json.loads(data) if _LONG_NUMBER.search(data) else parsed
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"JSON parse error - {error}") from error


def objects() -> tuple[list[Any], bool]:
    """What a POST creates, and whether it came as a list. Raises BadRequest, UnsupportedMediaType or TooLarge."""
    sent = body()
    return (_bounded(sent), True) if isinstance(sent, list) else ([require_object(sent)], False)


def objects_with_ids() -> list[Any]:
    """What a PUT, PATCH or DELETE of a list is about: a list. Anything else has no meaning there, as in NetBox 2.3.

    Raises BadRequest, MethodNotAllowed, UnsupportedMediaType or TooLarge.
    """
    sent = body()
    if not isinstance(sent, list):
        raise MethodNotAllowed(request.method, "without a list of objects, each with its id")
    if request.if_match:
        raise PreconditionFailed("A list of objects has no version that it could match.")
    return _bounded(sent)


def _bounded(sent: list[Any]) -> list[Any]:
    if len(sent) > settings.max_bulk_objects:
        raise TooLarge(f"At most {settings.max_bulk_objects} objects can be sent at once; these are {len(sent)}.")
    return sent


def is_form() -> bool:
    return request.mimetype in FORMS


def _form() -> JsonObject:
    """A form as data: the last value of each name. Raises BadRequest for a form that is none."""
    try:
        request.form  # noqa: B018  (reads it)
    except ValueError as error:
        raise BadRequest(f"Form parse error - {error}") from error
    return {name: texts[-1] for name, texts in request.form.lists()} | dict(request.files)


def require_object(data: Any) -> JsonObject:
    """`data`, which must be a JSON object. Raises BadRequest."""
    if isinstance(data, dict):
        return data
    if data is None:
        raise BadRequest({NON_FIELD: ["No data provided"]})
    raise BadRequest(not_an_object(data))


def not_an_object(data: Any) -> dict[str, list[str]]:
    return {NON_FIELD: [f"Invalid data. Expected a dictionary, but got {type(data).__name__}."]}
