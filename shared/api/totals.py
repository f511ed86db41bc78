"""How many objects of each type there are, for the start page."""

from collections.abc import Sequence

from flask import Blueprint, Response
from sqlalchemy import Connection

from shared.api import page_ids
from shared.api.resource import Resource
from shared.db.database import database
from shared.http.errors import Forbidden
from shared.http.responses import json_response
from shared.schema.models import Record
from shared.security import authorization


def blueprint(base: type[Record], resources: Sequence[Resource]) -> Blueprint:
    """`GET /internal/<app>/totals`: `{path of a list: number}`, of what the user of the gateway may see."""
    internal = Blueprint("totals", __name__, url_prefix=f"/internal/{base.app}")
    listed = [each for each in resources if each.detail]

    @internal.get("/totals")
    def totals() -> Response:
        with database().serving() as connection:
            found = {each.list_path(): _total(connection, each) for each in listed}
        return json_response({path: number for path, number in found.items() if number is not None})

    return internal


def _total(connection: Connection, resource: Resource) -> int | None:
    try:
        seen = authorization.visible_rows(resource)
    except Forbidden:
        return None
    return connection.scalars(page_ids.total_of(resource, seen)).one()
