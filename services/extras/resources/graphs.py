"""Graphs: addresses of pictures, made from a template for an interface, a provider or a site."""

from sqlalchemy import Connection, select

from services.extras.base import Base
from services.extras.choices import GRAPH_TYPE
from shared import JsonObject
from shared.api.resource import Resource
from shared.schema import columns
from shared.schema.columns import text, url


class Graph(Base):
    path = "graphs"
    nested = ("name",)

    type = columns.choice(GRAPH_TYPE)
    weight = columns.integer(0, columns.SMALL_MAX, default=1000)
    name = text(100)
    source = text(500)
    link = url()


def graphs_of_types(connection: Connection, ids: list[int]) -> dict[int, JsonObject]:
    """`{type: {graphs}}`: the templates of each type in their order."""
    rows = connection.execute(
        select(Graph.__table__).where(Graph.type.in_(ids)).order_by(Graph.weight, Graph.name, Graph.id)
    )
    found: dict[int, JsonObject] = {kind: {"graphs": []} for kind in ids}
    labels = dict(GRAPH_TYPE)
    for row in rows:
        face = {"value": row.type, "label": labels[row.type]}
        found[row.type]["graphs"].append({**row._mapping, "type": face})
    return found


graphs = Resource(Graph, filters=("type", "name"), order=("type", "weight", "name"))
