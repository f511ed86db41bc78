"""How full the things are that others go into (racks, aggregates), for the start page: the fullest of each type.

Finding out reads every row that goes into any of them: 0.1 to 0.2 seconds of PostgreSQL for a hundred thousand. So what
was found out is kept for some times as long as it took, and takes no more than a small share of one core.
"""

from collections.abc import Sequence
from threading import Lock
from time import monotonic

from flask import Blueprint, Response
from sqlalchemy import Connection, func, select

from shared import JsonObject
from shared.api.resource import Resource
from shared.api.titles import named, told
from shared.db.database import database
from shared.http.errors import Forbidden
from shared.http.responses import json_response
from shared.schema.models import Record
from shared.security import authorization

MOST = 8
KEPT = 20  # times as long as finding out took


class Findings:
    """What was found out of one `resource`, for as long as it is kept."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._until, self._finding = 0.0, Lock()
        self._found: JsonObject = {}

    def told(self, connection: Connection) -> JsonObject | None:
        """`{"list", "count", "average", "objects"}`; None where the caller may not see every object."""
        try:
            if authorization.visible_rows(self._resource):
                return None
        except Forbidden:
            return None
        with self._finding:
            if monotonic() >= self._until:
                started = monotonic()
                self._found = _found(connection, self._resource)
                self._until = monotonic() + KEPT * (monotonic() - started)
            return self._found


def blueprint(base: type[Record], resources: Sequence[Resource]) -> Blueprint:
    """`GET /internal/<app>/utilization`, asked by the gateway for its user.

    Answers `{"results": [{"list": path, "count": of its objects, "average": of what part of each is used, "objects":
    [{"id", "name", "context": [names], "path", "used"}]}]}`, the fullest first, parts being 0.0 to 1.0.
    """
    internal = Blueprint("utilization", __name__, url_prefix=f"/internal/{base.app}")
    filled = [Findings(each) for each in resources if each.utilization]

    @internal.get("/utilization")
    def utilization() -> Response:
        with database().serving() as connection:
            told = [each.told(connection) for each in filled]
        return json_response({"results": [each for each in told if each and each["count"]]})

    return internal


def _found(connection: Connection, resource: Resource) -> JsonObject:
    if resource.utilization is None:
        raise LookupError(f"{resource.path} says not what part of an object is used")
    model = resource.model
    every = resource.utilization().subquery("every")
    numbers = func.count().over(), func.avg(every.c.used).over()
    fullest = select(every.c.id, every.c.used, *numbers).order_by(every.c.used.desc(), every.c.id).limit(MOST)
    found = connection.execute(fullest).all()
    rows = connection.execute(named(resource).where(model.id.in_([row.id for row in found])))
    called = {row.id: told(row) for row in rows}
    path = model.list_path()
    objects = [
        {**called[row.id], "path": f"{path}{row.id}/", "used": float(row.used)} for row in found if row.id in called
    ]
    count, average = (int(found[0][2]), float(found[0][3])) if found else (0, 0.0)
    return {"list": path, "count": count, "average": average, "objects": objects}
