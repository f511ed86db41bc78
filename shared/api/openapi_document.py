"""The OpenAPI document of a service, which apispec makes of what each view says of itself."""

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from threading import Lock

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask

from shared import JsonObject
from shared.api.error_schemas import DetailSchema
from shared.api.openapi import DEFAULT_ERROR
from shared.schema import openapi_schemas
from shared.schema.models import Record

# Paths as Flask has them, each with its operations by verb.
Operations = Iterable[tuple[str, JsonObject]]
_PLACE = r"<(\w+)>"


class Document:
    """The document of `app`, made when it is first asked for: most processes never are.

    `operations()` has those of the resources; other views say themselves what they do (`openapi.operation`).
    """

    def __init__(self, app: Flask, base: type[Record], operations: Callable[[], Operations]) -> None:
        self._app, self._base, self._operations = app, base, operations
        self._making = Lock()

    def read(self) -> JsonObject:
        with self._making:
            return self._document

    @cached_property
    def _document(self) -> JsonObject:
        """The whole document. What is read has all of its attributes, always."""
        shapes = MarshmallowPlugin()
        spec = APISpec(f"Patchbay {self._base.app}", "2.3", "3.0.3", plugins=[shapes])
        assert shapes.converter  # which it has from now on
        shapes.converter.add_attribute_function(openapi_schemas.of_fields(self._base))  # type: ignore[no-untyped-call]
        error = {"application/json": {"schema": DetailSchema}}
        spec.components.response(DEFAULT_ERROR, {"description": "Default error response", "content": error})
        for rule, operations in (*self._operations(), *self._others()):
            parameters = [_parameter(name) for name in re.findall(_PLACE, rule)]
            spec.path(path=re.sub(_PLACE, r"{\1}", rule), operations=operations, parameters=parameters)
        document: JsonObject = spec.to_dict()
        for name, schema in document["components"]["schemas"].items():
            if name.endswith("Read") or name.startswith("Nested"):
                schema["required"] = list(schema["properties"])
        return document

    def _others(self) -> Operations:
        for rule in self._app.url_map.iter_rules():
            if told := getattr(self._app.view_functions[rule.endpoint], "operation", None):
                verb, described = told
                name = "_".join(re.findall(r"\w+", f"{rule.rule.removeprefix('/api/')} {verb}"))
                yield rule.rule, {verb: {**described, "tags": [self._app.name], "operationId": name}}


def _parameter(name: str) -> JsonObject:
    return {"in": "path", "name": name, "required": True, "schema": {"type": "string", "minLength": 1}}
