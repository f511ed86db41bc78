"""The forms of a page: of what is served at its address, with what other services know of it."""

from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from gateway.web import display, forms, permissions
from gateway.web.catalogue import Endpoint
from gateway.web.upstream_client import fetch
from shared import JsonObject


def form_of(
    endpoint: Endpoint, verb: str, current: JsonObject | None = None, filled: MultiDict[str, str] | None = None
) -> forms.Form:
    """The form of what is served there, with its custom fields and the permissions to choose from."""
    schema = endpoint.body(verb) or {}
    custom = _custom_fields(endpoint) if _marked(schema, "x-custom-fields") else []
    names = permissions.known() if _marked(schema, "x-permissions") else []
    return forms.Form(schema or {}, current, filled, custom, names)


def _marked(schema: JsonObject | None, mark: str) -> bool:
    return any(mark in shape for shape in (schema or {}).get("properties", {}).values())


def _custom_fields(endpoint: Endpoint) -> list[JsonObject]:
    """The definitions of the custom fields of what is served there; none while extras does not answer."""
    found = fetch("GET", "/api/extras/custom-fields/", urlencode({"obj_type": endpoint.type, "limit": 0}))
    return found.json["results"] if found.ok else []


def _name_chosen(reference: str, inputs: list[forms.Input]) -> None:
    """Show what the ids in `inputs` mean, all objects of the list `reference`, which is asked once."""
    if not inputs:
        return
    found = fetch("GET", reference, urlencode([("limit", 0), *(("id", each.value) for each in inputs)]))
    titles = {str(each["id"]): display.title(each) for each in found.json["results"]} if found.ok else {}
    for each in inputs:
        if title := titles.get(each.value):
            each.values = [f"{title} #{each.value}"]


def filters_of(endpoint: Endpoint) -> list[forms.Input]:
    """What the list there can be narrowed by, with the names of the objects that it is narrowed by now."""
    custom = _custom_fields(endpoint) if _marked(endpoint.body("post"), "x-custom-fields") else []
    parameters = [*endpoint.parameters(), *forms.custom_filters(custom)]
    inputs = forms.filter_inputs(parameters, request.args)
    for reference in {each.reference for each in inputs if each.reference}:
        _name_chosen(reference, [each for each in inputs if each.reference == reference and each.value.isdecimal()])
    return inputs
