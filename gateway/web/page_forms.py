"""The forms of a page: of what is served at its address, with what other services know of it."""

from collections.abc import Callable
from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from gateway.web import forms, permissions, titles
from gateway.web.endpoint import Endpoint
from gateway.web.upstream_client import Question, answer_to
from shared import JsonObject


def form_of(
    endpoint: Endpoint,
    verb: str,
    current: JsonObject | None = None,
    filled: MultiDict[str, str] | None = None,
    shaped: Callable[[JsonObject], JsonObject] | None = None,
) -> forms.Form:
    """The form of what is served there, with its custom fields and the permissions to choose from; `shaped` may change
    the shapes of the attributes.
    """
    schema = endpoint.body(verb) or {}
    if shaped:
        schema = {**schema, "properties": {name: shaped(each) for name, each in schema["properties"].items()}}
    custom = custom_fields_of(endpoint) if _marked(schema, "x-custom-fields") else []
    names = permissions.known() if _marked(schema, "x-permissions") else []
    form = forms.Form(schema or {}, current, filled, custom, names)
    form.resolve()
    return form


def _marked(schema: JsonObject | None, mark: str) -> bool:
    return any(mark in shape for shape in (schema or {}).get("properties", {}).values())


def questions_of(endpoint: Endpoint) -> list[Question]:
    """What the forms and filters of a page ask, so that it is asked at once with everything else."""
    schema = endpoint.body("post") or endpoint.body("patch")
    asked = [_defining(endpoint)] if _marked(schema, "x-custom-fields") else []
    if _marked(schema, "x-permissions"):
        asked.append(permissions.KNOWN)
    if endpoint.is_list:
        asked += titles.questions(_ids_in(forms.filter_inputs(endpoint.parameters(), request.args))).values()
    return asked


def _defining(endpoint: Endpoint) -> Question:
    return Question("/api/extras/custom-fields/", urlencode({"obj_type": endpoint.type, "limit": 0}))


def custom_fields_of(endpoint: Endpoint) -> list[JsonObject]:
    """The definitions of the custom fields of what is served there; none while extras does not answer."""
    found = answer_to(_defining(endpoint))
    return found.json["results"] if found.ok else []


def _ids_in(inputs: list[forms.Input]) -> dict[str, list[str]]:
    """By list: the ids in `inputs`."""
    ids: dict[str, list[str]] = {}
    for each in inputs:
        if each.reference and each.value.isdecimal():
            ids.setdefault(each.reference, []).append(each.value)
    return ids


def filters_of(endpoint: Endpoint) -> list[forms.Input]:
    """What the list there can be narrowed by, with the names of the objects that it is narrowed by now."""
    custom = custom_fields_of(endpoint) if _marked(endpoint.body("post"), "x-custom-fields") else []
    inputs = forms.filter_inputs([*endpoint.parameters(), *forms.custom_filters(custom)], request.args)
    known = titles.titles(_ids_in(inputs))
    for each in inputs:
        if title := known.get((each.reference, each.value)):
            each.values = [f"{title} #{each.value}"]
    return inputs
