"""Exports: a filtered list, rendered by a template of the extras service (`?export=<name>`)."""

import orjson
from flask import Response
from sqlalchemy import Connection

from shared import JsonObject
from shared.api import reading
from shared.api.resource import Resource
from shared.http.errors import BadRequest
from shared.query.filter_base import Condition
from shared.query.ordering import Ordering
from shared.query.pagination import Page
from shared.references import lookups
from shared.rendering.sandbox import TemplateFailed, render

MOST_ROWS = 10_000
PARAMETER = "export"


def export(
    connection: Connection,
    resource: Resource,
    conditions: list[Condition],
    order: Ordering | None,
    name: str,
) -> Response:
    """The objects that meet `conditions`, through the template `name`. Raises BadRequest or ServiceUnavailable."""
    template = _template(resource.model.label, name)
    rows = reading.page_rows(connection, resource, conditions, Page(MOST_ROWS, 0), order)
    if rows.total > MOST_ROWS:
        raise BadRequest({PARAMETER: [f"At most {MOST_ROWS} objects can be exported at once; narrow the list."]})
    try:
        objects = [orjson.loads(text) for text in rows.texts]
        text = render({"export": template["template_code"]}, queryset=objects)["export"]
    except TemplateFailed as failed:
        raise BadRequest({PARAMETER: [f"{name}: {failed}"]}) from failed
    return _file(resource, template, text)


def _template(label: str, name: str) -> JsonObject:
    asked = f"{label}:{name}".replace("\x00", "")
    found = lookups.ask("extras", "export-templates", [asked])
    if asked not in found:
        raise BadRequest({PARAMETER: [f'There is no export template "{name}" for {label}.']})
    template: JsonObject = found[asked]
    return template


def _file(resource: Resource, template: JsonObject, text: str) -> Response:
    """A download, never a page: the text is of a user's making."""
    extension = f".{template['file_extension']}" if template["file_extension"] else ""
    filename = f"netbox_{resource.path.replace('-', '_')}{extension}"
    reply = Response(text, content_type=f"{template['mime_type'] or 'text/plain'}; charset=utf-8")
    reply.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    reply.headers["X-Content-Type-Options"] = "nosniff"
    reply.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return reply
