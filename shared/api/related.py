"""What belongs to one object, of all lists of a service: what refers to it, and what its type declares besides.

One request of the gateway brings the beginning of every such list: the page of an object asks each service once.
"""

from collections.abc import Sequence

import orjson
from flask import Blueprint, Response, request
from sqlalchemy import Connection, and_, or_

from shared.api import reading
from shared.api.resource import Resource
from shared.db.database import database
from shared.http.errors import BadRequest, Forbidden
from shared.http.responses import raw_response
from shared.query.filter_base import Condition, conditions_of
from shared.query.pagination import Page
from shared.schema.models import Record
from shared.schema.parsing import to_whole

MOST = 50

# A query of a list, by parameter.
Query = dict[str, str]


def blueprint(base: type[Record], resources: Sequence[Resource]) -> Blueprint:
    """`GET /internal/<app>/related?type=dcim.site&id=3`, asked by the gateway for its user.

    Answers `{"results": [{"list", "queries", "count", "objects"}]}`, of each list that has any: its path, the queries
    that it is narrowed to, any of which an object meets, and the first objects as it shows them.
    """
    internal = Blueprint("related", __name__, url_prefix=f"/internal/{base.app}")
    listed = [each for each in resources if each.detail]

    @internal.get("/related")
    def related() -> Response:
        label, pk = request.args.get("type", ""), to_whole(request.args.get("id", ""))
        if pk is None:
            raise BadRequest({"id": ["A valid integer is required."]})
        with database().serving() as connection:
            parts = [
                _part(connection, each, queries)
                for each in listed
                if (queries := _queries(connection, each, label, pk))
            ]
        return raw_response(b'{"results":[%s]}' % b",".join(part for part in parts if part))

    return internal


def _queries(connection: Connection, resource: Resource, label: str, pk: int) -> list[Query]:
    """The queries that narrow a list to what belongs to the object `pk` of type `label`."""
    found: list[Query] = [
        {made.name: str(pk)}
        for made in resource.filter_table.values()
        if made.target is not None and made.target.label == label and not made.by_key
    ]
    if declared := resource.belonging.get(label):
        found += [query for query in [declared(connection, pk)] if query]
    return found


def _part(connection: Connection, resource: Resource, queries: list[Query]) -> bytes | None:
    """The beginning of the list as JSON; None when there is nothing, or the caller may see nothing of it."""
    condition = or_(*(and_(*_conditions(resource, query)) for query in queries))
    try:
        rows = reading.page_rows(connection, resource, [condition], Page(MOST, 0))
    except Forbidden:
        return None
    if not rows.total:
        return None
    told = {"list": resource.list_path(), "queries": queries, "count": rows.total, "objects": []}
    return b"".join((orjson.dumps(told)[:-2], ",".join(rows.texts).encode(), b"]}"))


def _conditions(resource: Resource, query: Query) -> list[Condition]:
    return conditions_of((resource.filter_table[name], [text]) for name, text in query.items())
