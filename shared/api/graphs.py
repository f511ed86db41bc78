"""The action `graphs`: what the extras service has as graphs of a type, made for one object."""

import orjson
from flask import Response
from marshmallow import fields as ma

from shared import JsonObject
from shared.api import reading
from shared.api.resource import Action, Resource
from shared.db.database import database
from shared.http.errors import NotFound
from shared.http.responses import json_response
from shared.references import lookups
from shared.rendering.sandbox import TemplateFailed, render
from shared.schema.representations import BaseSchema

INTERFACE, PROVIDER, SITE = 100, 200, 300


class GraphSchema(BaseSchema):
    """A graph of one object; `error` is there when its template fails."""

    id = ma.Integer()
    type = ma.Dict()
    weight = ma.Integer()
    name = ma.String()
    embed_url = ma.String(allow_none=True)
    embed_link = ma.String(allow_none=True)
    error = ma.String()


def graphs(kind: int) -> Action:
    """The action that shows the graphs of `kind`."""

    def show(resource: Resource, pk: int) -> Response:
        with database().reading() as connection:
            found = reading.one_row(connection, resource, pk)
        if found is None:
            raise NotFound
        return json_response(_rendered(templates(kind), orjson.loads(found)))

    return Action("graphs", show, reply=GraphSchema(many=True), shown="pictures")


def templates(kind: int) -> list[JsonObject]:
    """The graphs of `kind`, as extras describes them. Raises ServiceUnavailable."""
    found: list[JsonObject] = lookups.ask("extras", "graphs", [kind])[str(kind)]["graphs"]
    return found


def _rendered(found: list[JsonObject], obj: JsonObject) -> list[JsonObject]:
    """The graphs with their addresses; if one template fails, each is tried alone to tell which."""
    try:
        return _together(found, obj)
    except TemplateFailed as failed:
        if len(found) > 1:
            return [each for graph in found for each in _rendered([graph], obj)]
        return [{**_face(found[0]), "embed_url": None, "embed_link": None, "error": str(failed)}]


def _together(found: list[JsonObject], obj: JsonObject) -> list[JsonObject]:
    sources = {f"{graph['id']} {name}": graph[name] for graph in found for name in ("source", "link")}
    texts = render(sources, obj=obj) if sources else {}
    return [
        {**_face(each), "embed_url": texts[f"{each['id']} source"], "embed_link": texts[f"{each['id']} link"]}
        for each in found
    ]


def _face(graph: JsonObject) -> JsonObject:
    return {name: graph[name] for name in ("id", "type", "weight", "name")}
